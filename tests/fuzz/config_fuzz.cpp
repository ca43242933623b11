// Any bytes as a YAML config and, after a zero byte, an override; and as a chain of configs.

#include <cstdint>
#include <optional>
#include <string>

#include "lipsound2/config/chain.h"
#include "lipsound2/config/yaml.h"
#include "lipsound2/core/error.h"

#include "fuzz/expect.h"
#include "fuzz/memory_file.h"

namespace lipsound2::fuzz {
namespace {

using config::FieldVisitor;

enum class Color { kRed, kBlue };

struct Inner {
  std::int64_t dim = 128;
  double rate = 0.5;
  void visit(FieldVisitor& v) {
    v.field("dim", dim, "width", {1, 4096});
    v.field("rate", rate, "any number");
    v.check(dim % 2 == 0, "dim", "must be even");
  }
};

/// One field of each kind.
struct Outer {
  std::string name = "a";
  Color color = Color::kRed;
  std::vector<std::int64_t> sizes = {1, 2};
  std::vector<std::string> words = {"x"};
  std::map<std::string, double> rates;
  bool loud = false;
  Inner inner;
  void visit(FieldVisitor& v) {
    v.field("name", name, "text");
    v.choice("color", color, {"red", "blue"}, "choice");
    v.field("sizes", sizes, "whole numbers");
    v.field("words", words, "texts");
    v.field("rates", rates, "numbers by name");
    v.field("loud", loud, "truth");
    v.group("inner", inner, "group");
  }
};

void check_round_trip(const Outer& read) {
  const auto fields = config::list_fields(read);
  const auto again = read_or_refuse({ErrorKind::kConfig}, [&] {
    return config::read_yaml_text<Outer>(config::to_yaml(fields), "printed");
  });
  expect(again.has_value(), "what is printed can be read");
  expect(config::differences(fields, config::list_fields(*again)).empty(),
         "what is printed is read back unchanged");
}

void read_config(const std::string& bytes) {
  static const MemoryFile file;
  const auto zero = bytes.find('\0');
  const std::string text = bytes.substr(0, zero);
  file.hold(text);
  std::vector<config::Override> overrides;
  if (zero != std::string::npos)
    overrides.emplace_back(bytes.substr(zero + 1));
  const auto read = read_or_refuse(
      {ErrorKind::kConfig}, [&] { return config::read_yaml<Outer>(file.path(), overrides); });
  if (read)
    check_round_trip(*read);
  read_or_refuse({ErrorKind::kConfig}, [&] { return config::read_yaml_text<Outer>(text, "text"); });
  const auto chain =
      read_or_refuse({ErrorKind::kConfig}, [&] { return config::read_chain(file.path()); });
  if (chain && *chain)
    for (const config::ChainEntry& entry : **chain)
      read_or_refuse({ErrorKind::kConfig},
                     [&] { return config::read_yaml<Outer>(file.path(), entry.overrides); });
}

}  // namespace
}  // namespace lipsound2::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lipsound2::fuzz::read_config({reinterpret_cast<const char*>(data), size});
  return 0;
}
