#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <map>
#include <string>
#include <vector>

namespace lipsound2::config {

/// Closed interval of allowed values.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};

/// What can be done with the fields of a config struct: read them, write them, explain them,
/// compare them. A config struct has default member values and one function, `void
/// visit(config::FieldVisitor& v)`, that lists its fields once:
///
///     struct AttentionConfig {
///       std::int64_t dim = 128;
///       void visit(config::FieldVisitor& v) {
///         v.field("dim", dim, "width of the energy space", {1, 4096});
///       }
///     };
class FieldVisitor {
 public:
  virtual ~FieldVisitor() = default;

  virtual void field(const char* key, bool& value, const char* help) = 0;
  virtual void field(const char* key, std::int64_t& value, const char* help, Range range = {}) = 0;
  virtual void field(const char* key, double& value, const char* help, Range range = {}) = 0;
  virtual void field(const char* key, std::string& value, const char* help) = 0;
  virtual void field(const char* key,
                     std::vector<std::int64_t>& value,
                     const char* help,
                     Range range = {}) = 0;
  virtual void field(const char* key, std::vector<std::string>& value, const char* help) = 0;
  /// Numbers by names that the user chooses.
  virtual void field(const char* key,
                     std::map<std::string, double>& value,
                     const char* help,
                     Range range = {}) = 0;

  /// An enumeration whose values 0, 1, 2... have these names.
  template <class Enum>
  void choice(const char* key,
              Enum& value,
              std::initializer_list<const char*> names,
              const char* help) {
    int index = static_cast<int>(value);
    choose(key, index, std::vector<std::string>(names.begin(), names.end()), help);
    value = static_cast<Enum>(index);
  }

  /// A nested struct.
  template <class Config>
  void group(const char* key, Config& value, const char* help) {
    enter(key, help);
    value.visit(*this);
    leave();
  }

  /// A rule between fields: when `ok` is false, `message` is reported at `key` of the current
  /// group.
  virtual void check(bool ok, const char* key, const std::string& message);

 protected:
  virtual void choose(const char* key,
                      int& value,
                      const std::vector<std::string>& names,
                      const char* help) = 0;
  virtual void enter(const char* key, const char* help) = 0;
  virtual void leave() = 0;
};

}  // namespace lipsound2::config
