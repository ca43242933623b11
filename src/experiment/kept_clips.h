#pragma once

#include "lipsound2/eval/report.h"
#include "lipsound2/experiment/evaluation.h"

/// What an evaluation keeps of every clip: its sound and its pictures, as files in the evaluation's
/// folder. So that nothing of them has to be held until all clips are scored and the report shows
/// some.
namespace lipsound2::experiment {

/// Writes wav/<id>.wav and figures/<id>_reference.png, _synthesized.png, _attention.png.
void keep_clip(const std::filesystem::path& folder, const EvaluatedClip& clip);

/// What the report shows of a kept clip, without rank and scores: its files, and its reference out
/// of the corpus.
eval::ReportClip shown_clip(const std::filesystem::path& folder,
                            const std::filesystem::path& corpus,
                            const data::ManifestEntry& entry,
                            const audio::MelConfig& mel);

}  // namespace lipsound2::experiment
