#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lipsound2/corpora/source_clip.h"

namespace lipsound2::corpora {

/// The sentence that a GRID file name of six letters stands for (Cooke et al. 2006, table 1):
/// "bbaf2n" is "bin blue at f two now". Nothing for a name outside the grammar. The corpus itself
/// never speaks the letter w; the name is understood all the same.
std::optional<std::string> grid_sentence(std::string_view name);

/// The clips of a GRID folder in the order of talkers and names. Understood are
/// sN/<id>.mpg and sN/video/mpg_6000/<id>.mpg (the first wins where both exist); alignments lie as
/// alignments/sN/<id>.align or sN/align/<id>.align. What macOS leaves behind (__MACOSX, ._ files)
/// is passed over. The text is that of the file name; a missing alignment is nothing to speak of,
/// one that disagrees or cannot be read becomes a note; a name outside the grammar becomes a fault.
///
/// `speakers` such as {"s1", "s2"} keeps only these; empty keeps all. Throws kData when the folder
/// is missing, holds no such clips or lacks one of the speakers.
std::vector<SourceClip> find_grid_clips(const std::filesystem::path& root,
                                        const std::vector<std::string>& speakers = {});

}  // namespace lipsound2::corpora
