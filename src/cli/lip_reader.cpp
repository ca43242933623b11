#include "lip_reader.h"

#include "lipsound2/data/face_input.h"
#include "lipsound2/data/jpeg.h"

namespace lipsound2::cli {
namespace {

// The stored form of a picture, then what the loader makes of it: the network sees what it was
// trained on.
Tensor as_network_input(const video::Image& face, const data::FaceInputConfig& config) {
  const data::Picture picture{face.width, face.height, face.channels, face.pixels};
  return data::centered_face(data::encode_jpeg(picture, data::kFaceQuality), config, "face");
}

}  // namespace

LipReader::LipReader(const std::string& run,
                     const std::string& vocoder,
                     const std::string& detector)
    : trained_(experiment::load_network(run)),
      synthesizer_(trained_.network,
                   trained_.config,
                   trained_.device,
                   experiment::make_vocoder(vocoder, trained_.config)),
      reader_({.detector = detector}) {}

video::MediaFacts LipReader::read(const std::filesystem::path& video,
                                  const experiment::VocoderStream::SoundSink& sink) {
  experiment::WindowedSynthesis synthesis(synthesizer_, trained_.config, sink);
  const video::MediaFacts facts = reader_.stream(video, [&](const video::Image& face) {
    synthesis.add(as_network_input(face, trained_.config.data.faces));
  });
  synthesis.finish();
  return facts;
}

}  // namespace lipsound2::cli
