#include "lipsound2/eval/text_alignment.h"

#include <algorithm>
#include <cstddef>
#include <span>

#include "lipsound2/core/error.h"
#include "lipsound2/core/utf8.h"

namespace lipsound2::eval {
namespace {

using UnitSpan = std::span<const std::string>;

struct EditCosts {
  int substitution = 1;
  int gap = 1;  // a deletion or an insertion
};

/// Throws kData for more cells than 2 GiB hold.
std::size_t checked_cells(std::size_t rows, std::size_t columns) {
  constexpr std::size_t kMost = std::size_t{1} << 29;
  require(columns <= kMost / rows,
          ErrorKind::kData,
          "texts of {} and {} units are too long to align: expected clips",
          rows - 1,
          columns - 1);
  return rows * columns;
}

/// Costs of aligning the first i reference units with the first j hypothesis units.
class EditTable {
 public:
  EditTable(UnitSpan reference, UnitSpan hypothesis, EditCosts costs)
      : columns_(hypothesis.size() + 1), cells_(checked_cells(reference.size() + 1, columns_)) {
    for (std::size_t i = 0; i <= reference.size(); ++i)
      for (std::size_t j = 0; j <= hypothesis.size(); ++j) {
        int& cell = cells_[i * columns_ + j];
        if (i == 0 || j == 0) {
          cell = static_cast<int>(i + j) * costs.gap;
          continue;
        }
        const int exchange = reference[i - 1] == hypothesis[j - 1] ? 0 : costs.substitution;
        cell = std::min(
            {at(i - 1, j - 1) + exchange, at(i - 1, j) + costs.gap, at(i, j - 1) + costs.gap});
      }
  }

  int at(std::size_t i, std::size_t j) const { return cells_[i * columns_ + j]; }

 private:
  std::size_t columns_;
  std::vector<int> cells_;
};

AlignedUnit pair_units(const std::string& reference, const std::string& hypothesis) {
  return {
      reference == hypothesis ? EditKind::kHit : EditKind::kSubstitution, reference, hypothesis};
}

/// Goes back through the table; `choose` says which edit leads to cell (i, j), where both are
/// positive. The alignment comes out last unit first.
template <class Choice>
std::vector<AlignedUnit> go_back(UnitSpan reference, UnitSpan hypothesis, const Choice& choose) {
  std::vector<AlignedUnit> steps;
  std::size_t i = reference.size();
  std::size_t j = hypothesis.size();
  while (i > 0 || j > 0) {
    const EditKind kind = j == 0   ? EditKind::kDeletion
                          : i == 0 ? EditKind::kInsertion
                                   : choose(i, j);
    if (kind == EditKind::kDeletion)
      steps.push_back({kind, reference[--i], ""});
    else if (kind == EditKind::kInsertion)
      steps.push_back({kind, "", hypothesis[--j]});
    else
      steps.push_back(pair_units(reference[--i], hypothesis[--j]));
  }
  return steps;
}

std::vector<AlignedUnit> sclite_steps(UnitSpan reference, UnitSpan hypothesis) {
  constexpr EditCosts kCosts{.substitution = 4, .gap = 3};
  const EditTable table(reference, hypothesis, kCosts);
  return go_back(reference, hypothesis, [&](std::size_t i, std::size_t j) {
    const int exchange = reference[i - 1] == hypothesis[j - 1] ? 0 : kCosts.substitution;
    if (table.at(i, j) == table.at(i - 1, j - 1) + exchange)
      return EditKind::kSubstitution;
    return table.at(i, j) == table.at(i, j - 1) + kCosts.gap ? EditKind::kInsertion
                                                             : EditKind::kDeletion;
  });
}

std::vector<AlignedUnit> fewest_error_steps(UnitSpan reference, UnitSpan hypothesis) {
  const EditTable table(reference, hypothesis, EditCosts{});
  return go_back(reference, hypothesis, [&](std::size_t i, std::size_t j) {
    if (table.at(i, j) == table.at(i - 1, j) + 1)
      return EditKind::kDeletion;
    return table.at(i, j - 1) < table.at(i - 1, j - 1) ? EditKind::kInsertion
                                                       : EditKind::kSubstitution;
  });
}

/// How many units the two share at their beginnings.
std::size_t shared_start(UnitSpan a, UnitSpan b) {
  return static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first -
                                  a.begin());
}

std::size_t shared_end(UnitSpan a, UnitSpan b) {
  return static_cast<std::size_t>(std::mismatch(a.rbegin(), a.rend(), b.rbegin(), b.rend()).first -
                                  a.rbegin());
}

bool is_full_width(char32_t code) {
  constexpr char32_t kRanges[][2] = {{0x1100, 0x115F},
                                     {0x2E80, 0x303E},
                                     {0x3041, 0xA4CF},
                                     {0xAC00, 0xD7A3},
                                     {0xF900, 0xFAFF},
                                     {0xFE30, 0xFE6F},
                                     {0xFF01, 0xFF60},
                                     {0xFFE0, 0xFFE6},
                                     {0x20000, 0x3FFFD}};
  return std::any_of(std::begin(kRanges), std::end(kRanges), [code](const auto& range) {
    return range[0] <= code && code <= range[1];
  });
}

std::size_t display_columns(const std::string& unit) {
  std::size_t columns = 0;
  for (const char32_t code : decode_utf8(unit))
    columns += is_full_width(code) ? 2 : 1;
  return columns;
}

void append_cell(std::string& line, const std::string& cell, std::size_t columns) {
  line += ' ' + cell + std::string(columns - display_columns(cell), ' ');
}

std::string mark_of(EditKind kind) {
  switch (kind) {
    case EditKind::kHit:
      return "";
    case EditKind::kSubstitution:
      return "S";
    case EditKind::kDeletion:
      return "D";
    case EditKind::kInsertion:
      return "I";
  }
  return "?";
}

std::string without_end_spaces(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + '\n';
}

}  // namespace

std::vector<AlignedUnit> align_units(const TextUnits& reference,
                                     const TextUnits& hypothesis,
                                     AlignmentRule rule) {
  const UnitSpan x(reference);
  const UnitSpan y(hypothesis);
  std::vector<AlignedUnit> steps;
  if (rule == AlignmentRule::kSclite) {
    steps = sclite_steps(x, y);
  } else {
    const std::size_t start = shared_start(x, y);
    const std::size_t end = shared_end(x.subspan(start), y.subspan(start));
    for (std::size_t i = 0; i < end; ++i)
      steps.push_back(pair_units(x[x.size() - 1 - i], y[y.size() - 1 - i]));
    for (auto& step : fewest_error_steps(x.subspan(start, x.size() - start - end),
                                         y.subspan(start, y.size() - start - end)))
      steps.push_back(std::move(step));
    for (std::size_t i = start; i > 0; --i)
      steps.push_back(pair_units(x[i - 1], y[i - 1]));
  }
  std::reverse(steps.begin(), steps.end());
  return steps;
}

std::string render_alignment(const std::vector<AlignedUnit>& alignment) {
  std::string reference = "REF: ";
  std::string hypothesis = "HYP: ";
  std::string marks = "EVAL:";
  for (const auto& unit : alignment) {
    const std::size_t columns = std::max(
        {display_columns(unit.reference), display_columns(unit.hypothesis), std::size_t{1}});
    const std::string gap(columns, '*');
    append_cell(reference, unit.kind == EditKind::kInsertion ? gap : unit.reference, columns);
    append_cell(hypothesis, unit.kind == EditKind::kDeletion ? gap : unit.hypothesis, columns);
    append_cell(marks, mark_of(unit.kind), columns);
  }
  return without_end_spaces(reference) + without_end_spaces(hypothesis) + without_end_spaces(marks);
}

}  // namespace lipsound2::eval
