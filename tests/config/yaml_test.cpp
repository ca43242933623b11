#include "lipsound2/config/yaml.h"

#include <gmock/gmock.h>

#include "lipsound2/config/chain.h"
#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"

namespace lipsound2::config {
namespace {

using ::testing::AllOf;
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
  std::map<std::string, double> rates = {{"p", 1}};
  bool loud = false;
  Inner inner;
  void visit(FieldVisitor& v) {
    v.field("name", name, "what it is called");
    v.choice("color", color, {"red", "blue"}, "paint");
    v.field("sizes", sizes, "sizes");
    v.field("words", words, "words");
    v.field("rates", rates, "rates", {0.1, 10});
    v.field("loud", loud, "noise");
    v.group("inner", inner, "the inside");
  }
};

std::filesystem::path write_config(const std::string& name, const std::string& text) {
  const auto path = std::filesystem::path(::testing::TempDir()) / name;
  write_file(path, text);
  return path;
}

std::string message_of(const std::string& text, const std::vector<Override>& overrides = {}) {
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
                                    "name: b\ncolor: blue\nsizes: [3]\nwords: [p, q]\nrates: {q.r: "
                                    "0.5}\nloud: true\ninner: {dim: 64, rate: 0.25}\n"));

  EXPECT_EQ(read.name, "b");
  EXPECT_EQ(read.color, Color::kBlue);
  EXPECT_EQ(read.sizes, std::vector<std::int64_t>{3});
  EXPECT_EQ(read.words, (std::vector<std::string>{"p", "q"}));
  EXPECT_EQ(read.rates, (std::map<std::string, double>{{"q.r", 0.5}}));
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

TEST(YamlReader, ReportsNumbersByNameThatAreNone) {
  EXPECT_THAT(message_of("rates: 3\n"), HasSubstr("rates must be numbers by name, is '3'"));
  EXPECT_THAT(message_of("rates: {p: fast, q: 11}\n"),
              AllOf(HasSubstr("bad.yaml:1: rates.p must be a number, is 'fast'"),
                    HasSubstr("rates.q must lie in [0.1, 10], is 11")));
}

TEST(YamlReader, RefusesNumbersThatAreNotFinite) {
  EXPECT_THAT(message_of("inner: {rate: .nan}\nrates: {p: .inf}\n"),
              AllOf(HasSubstr("bad.yaml:1: inner.rate must be a finite number, is nan"),
                    HasSubstr("bad.yaml:2: rates.p must be a finite number, is inf")));
}

TEST(YamlReader, TakesNothingForNoValue) {
  EXPECT_THAT(message_of("name:\ninner: {dim: }\n"),
              AllOf(HasSubstr("bad.yaml:1: name must be a text, is empty"),
                    HasSubstr("bad.yaml:2: inner.dim must be a whole number, is empty")));
}

TEST(YamlReader, RefusesWhatIsNoConfig) {
  EXPECT_THAT(message_of("name: a\ninner: {dim: 2}\nname: b\n"),
              HasSubstr("bad.yaml:3: name is there twice"));
  EXPECT_THAT(message_of("[a, b]: 3\n"), HasSubstr("bad.yaml:1: a key must be a text"));
  EXPECT_THAT(message_of("rates: {? " + std::string(129, 'n') + " : 3}\n"),
              HasSubstr("bad.yaml:1: a key must be UTF-8 of at most 128 bytes, found one of 129"));
  EXPECT_THAT(message_of("rates: {b\xc9t: 3}\n"), HasSubstr("a key must be UTF-8"));
  EXPECT_THAT(message_of("name: a\n---\nname: b\n"),
              HasSubstr("bad.yaml: expected one YAML document"));
  EXPECT_THAT(message_of("{name: a}\nloud: true\n"), HasSubstr("goes on after its end"));
  EXPECT_THAT(message_of(",\nname: a\n"), HasSubstr("goes on after its end"));
  EXPECT_THAT(message_of("name: a\nextends: [b]\n"),
              HasSubstr("bad.yaml:2: extends must be the name of a file, is a list"));
  EXPECT_THAT(message_of("inner: &a {b: *a}\n"), HasSubstr("too large or too deep"));
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
  config.rates = {{"a.b", 0.3}, {"c: d", 2}};

  const Outer read = read_yaml<Outer>(write_config("round.yaml", to_yaml(list_fields(config))));

  EXPECT_THAT(differences(list_fields(config), list_fields(read)), ::testing::IsEmpty());
}

TEST(Chain, IsAListOfConfigFiles) {
  const auto chain = read_chain(write_config("chain.yaml",
                                             "stages:\n"
                                             "  - first.yaml\n"
                                             "  - config: second.yaml\n"
                                             "    set:\n"
                                             "      inner.dim: 32\n"
                                             "      inner: {rate: 0.25}\n"
                                             "      words: [x, \"7\"]\n"));

  ASSERT_TRUE(chain);
  ASSERT_EQ(chain->size(), 2U);
  EXPECT_EQ(chain->at(0).config, "first.yaml");
  EXPECT_TRUE(chain->at(0).overrides.empty());
  EXPECT_EQ(chain->at(1).config, "second.yaml");
  const auto second =
      read_yaml<Outer>(write_config("second.yaml", "inner: {dim: 64}\n"), chain->at(1).overrides);
  EXPECT_EQ(second.inner.dim, 32);
  EXPECT_EQ(second.inner.rate, 0.25);
  EXPECT_EQ(second.words, (std::vector<std::string>{"x", "7"}));
}

TEST(Chain, IsNothingForAnyOtherConfig) {
  EXPECT_FALSE(read_chain(write_config("plain.yaml", "name: a\n")));
}

TEST(Chain, NamesTheLineOfASettingThatIsWrong) {
  const auto chain = read_chain(write_config(
      "chain.yaml", "stages:\n  - config: second.yaml\n    set:\n      inner.dmi: 32\n"));

  EXPECT_THAT(message_of("name: a\n", chain->at(0).overrides),
              HasSubstr("chain.yaml:4: inner.dmi is not a known key; did you mean `dim`?"));
}

std::string chain_message(const std::string& text) {
  try {
    read_chain(write_config("chain.yaml", text));
  } catch (const Error& error) {
    EXPECT_EQ(exit_code(error.kind()), 2);
    return error.what();
  }
  return "no error";
}

TEST(Chain, ReportsEveryProblemWithItsLine) {
  EXPECT_THAT(chain_message("stages:\n  - [a]\n  - {set: {a: 1}}\n  - {config: a, sets: 1}\n"
                            "  - config: [a]\n    set: 3\nname: x\n"),
              AllOf(HasSubstr("chain.yaml:2: a stage must be a config file"),
                    HasSubstr("chain.yaml:3: a stage must be a config file"),
                    HasSubstr("chain.yaml:4: sets is not a known key of a stage"),
                    HasSubstr("chain.yaml:5: config must name a file"),
                    HasSubstr("chain.yaml:6: set must hold keys and values"),
                    HasSubstr("chain.yaml:7: name is not a known key beside `stages`")));
  EXPECT_THAT(chain_message("stages: []\n"), HasSubstr("list of config files, is empty"));
  EXPECT_THAT(chain_message("stages: a.yaml\n"), HasSubstr("list of config files, is 'a.yaml'"));
}

TEST(Differences, NamesWhatChanged) {
  Outer before, after;
  after.inner.dim = 2;

  EXPECT_THAT(differences(list_fields(before), list_fields(after)),
              ::testing::ElementsAre("inner.dim: 128 became 2"));
}

}  // namespace
}  // namespace lipsound2::config
