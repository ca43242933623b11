#include "yaml_text.h"

#include <sstream>

#include <yaml-cpp/eventhandler.h>

#include "lipsound2/core/error.h"

namespace lipsound2::config {
namespace {

// Listens to a parser only to let it go on.
class Nobody final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&,
                const std::string&,
                YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&,
                       const std::string&,
                       YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&,
                  const std::string&,
                  YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

bool goes_on_after_first_document(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Nobody nobody;
  parser.HandleNextDocument(nobody);
  return static_cast<bool>(parser);
}

}  // namespace

YAML::Node parse_yaml(const std::string& text, const std::string& name) {
  try {
    require(!goes_on_after_first_document(text),
            ErrorKind::kConfig,
            "{}: expected one YAML document, found that the text goes on after its end",
            name);
    return YAML::Load(text);
  } catch (const YAML::Exception& error) {
    fail(ErrorKind::kConfig, "{}:{}: not valid YAML: {}", name, error.mark.line + 1, error.msg);
  }
}

}  // namespace lipsound2::config
