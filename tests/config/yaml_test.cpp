#include "lipsound2/config/yaml.h"

#include <gmock/gmock.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"

namespace lipsound2::config {
namespace {

using ::testing::HasSubstr;

enum class Color { kRed, kBlue };

struct Inner {
  std::int64_t dim = 128;
  double rate = 0.5;
  void visit(FieldVisitor& v) {
    v.field("dim", dim, "width", {1, 4096});
    v.field("rate", rate, "share", {0, 1});
    v.check(dim % 2 == 0, "dim", "must be even");
  }
};

struct Outer {
  std::string name = "a";
  Color color = Color::kRed;
  std::vector<std::int64_t> sizes = {1, 2};
  std::vector<std::string> words = {"x"};
  bool loud = false;
  Inner inner;
  void visit(FieldVisitor& v) {
    v.field("name", name, "what it is called");
    v.choice("color", color, {"red", "blue"}, "paint");
    v.field("sizes", sizes, "sizes");
    v.field("words", words, "words");
    v.field("loud", loud, "noise");
    v.group("inner", inner, "the inside");
  }
};

std::filesystem::path write_config(const std::string& name, const std::string& text) {
  const auto path = std::filesystem::path(::testing::TempDir()) / name;
  write_file(path, text);
  return path;
}

std::string message_of(const std::string& text, const std::vector<std::string>& overrides = {}) {
  try {
    read_yaml<Outer>(write_config("bad.yaml", text), overrides);
  } catch (const Error& error) {
    EXPECT_EQ(exit_code(error.kind()), 2);
    return error.what();
  }
  return "no error";
}

TEST(YamlReader, ReadsEveryKindOfField) {
  const Outer read =
      read_yaml<Outer>(write_config("good.yaml",
                                    "name: b\ncolor: blue\nsizes: [3]\nwords: [p, q]\nloud: "
                                    "true\ninner: {dim: 64, rate: 0.25}\n"));

  EXPECT_EQ(read.name, "b");
  EXPECT_EQ(read.color, Color::kBlue);
  EXPECT_EQ(read.sizes, std::vector<std::int64_t>{3});
  EXPECT_EQ(read.words, (std::vector<std::string>{"p", "q"}));
  EXPECT_TRUE(read.loud);
  EXPECT_EQ(read.inner.dim, 64);
  EXPECT_EQ(read.inner.rate, 0.25);
}

TEST(YamlReader, ReportsEveryProblemWithItsLine) {
  const std::string message =
      message_of("naem: b\ncolor: green\nsizes: 3\ninner:\n  dim: 0\n  rate: high\n");

  EXPECT_THAT(message, HasSubstr("bad.yaml:1: naem is not a known key; did you mean `name`?"));
  EXPECT_THAT(message, HasSubstr("bad.yaml:2: color is 'green', must be one of red, blue"));
  EXPECT_THAT(message, HasSubstr("bad.yaml:3: sizes must be a list of whole numbers, is '3'"));
  EXPECT_THAT(message, HasSubstr("bad.yaml:5: inner.dim must lie in [1, 4096], is 0"));
  EXPECT_THAT(message, HasSubstr("bad.yaml:6: inner.rate must be a number, is 'high'"));
  EXPECT_THAT(message, HasSubstr("5 problems"));
}

TEST(YamlReader, ReportsBrokenRulesAndGroupsGivenAsValues) {
  EXPECT_THAT(message_of("inner: {dim: 7}\n"), HasSubstr("inner.dim: must be even"));
  EXPECT_THAT(message_of("inner: 7\n"), HasSubstr("inner must be a group of keys"));
  EXPECT_THAT(message_of("name: [1\n"), HasSubstr("not valid YAML"));
}

TEST(YamlReader, OverridesWinAndAreChecked) {
  const auto file = write_config("over.yaml", "inner: {dim: 64, rate: 0.25}\n");

  const Outer read = read_yaml<Outer>(file, {"inner.dim=32", "words=[z]"});

  EXPECT_EQ(read.inner.dim, 32);
  EXPECT_EQ(read.inner.rate, 0.25);
  EXPECT_EQ(read.words, std::vector<std::string>{"z"});
  EXPECT_THAT(message_of("name: a\n", {"inner.dmi=3"}),
              HasSubstr("--set: inner.dmi is not a known key; did you mean `dim`?"));
  EXPECT_THAT(message_of("name: a\n", {"inner"}), HasSubstr("expected key=value"));
}

TEST(YamlReader, ExtendsAnotherFile) {
  write_config("parent.yaml", "name: parent\ninner: {dim: 64}\n");

  const Outer read =
      read_yaml<Outer>(write_config("child.yaml", "extends: parent.yaml\ninner: {rate: 0.75}\n"));

  EXPECT_EQ(read.name, "parent");
  EXPECT_EQ(read.inner.dim, 64);
  EXPECT_EQ(read.inner.rate, 0.75);
  EXPECT_THROW(read_yaml<Outer>(write_config("self.yaml", "extends: self.yaml\n")), Error);
}

TEST(ToYaml, IsReadBackUnchanged) {
  Outer config;
  config.name = "quote \" and: colon";
  config.inner.rate = 0.1;

  const Outer read = read_yaml<Outer>(write_config("round.yaml", to_yaml(list_fields(config))));

  EXPECT_THAT(differences(list_fields(config), list_fields(read)), ::testing::IsEmpty());
}

TEST(Differences, NamesWhatChanged) {
  Outer before, after;
  after.inner.dim = 2;

  EXPECT_THAT(differences(list_fields(before), list_fields(after)),
              ::testing::ElementsAre("inner.dim: 128 became 2"));
}

}  // namespace
}  // namespace lipsound2::config
