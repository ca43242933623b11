#include "lipsound2/eval/transcript.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/core/utf8.h"
#include "lipsound2/eval/text_normalization.h"

namespace lipsound2::eval {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBlank = " \t\r";

struct TranscriptLine {
  std::string_view text;
  std::string place;
};

/// A line taken apart.
struct IdAndText {
  std::string_view id;
  std::string_view text;
};

bool is_blank(std::string_view text) {
  return text.find_first_not_of(kBlank) == std::string_view::npos;
}

std::string read_without_mark(const fs::path& file) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  std::string content = read_file(file);
  if (content.starts_with(kByteOrderMark))
    content.erase(0, kByteOrderMark.size());
  return content;
}

/// Throws kData, with the place, unless the text is UTF-8.
std::string_view checked_utf8(std::string_view text, const std::string& place) {
  try {
    decode_utf8(text);
  } catch (const Error& error) {
    fail(ErrorKind::kData, "{}: {}", place, error.what());
  }
  return text;
}

/// The lines that hold clips.
std::vector<TranscriptLine> lines_of(std::string_view content, const std::string& file) {
  std::vector<TranscriptLine> lines;
  for (std::size_t number = 1; !content.empty(); ++number) {
    const std::size_t end = std::min(content.find('\n'), content.size());
    std::string_view line = content.substr(0, end);
    content.remove_prefix(std::min(end + 1, content.size()));
    if (line.ends_with('\r'))
      line.remove_suffix(1);
    const std::string place = fmt::format("{}:{}", file, number);
    if (!is_blank(checked_utf8(line, place)) && !line.starts_with(";;"))
      lines.push_back({line, place});
  }
  return lines;
}

/// "text (id)"; nothing for another line.
std::optional<IdAndText> split_trn(std::string_view line) {
  line = line.substr(0, line.find_last_not_of(kBlank) + 1);
  const std::size_t open = line.rfind('(');
  if (open == std::string_view::npos || !line.ends_with(')'))
    return std::nullopt;
  const std::string_view id = line.substr(open + 1, line.size() - open - 2);
  if (id.empty() || id.find_first_of(" \t)") != std::string_view::npos)
    return std::nullopt;
  return IdAndText{id, line.substr(0, open)};
}

IdAndText require_trn(const TranscriptLine& line) {
  const auto clip = split_trn(line.text);
  require(clip.has_value(), ErrorKind::kData, "{}: expected 'text (id)'", line.place);
  require(clip->text.find('{') == std::string_view::npos,
          ErrorKind::kData,
          "{}: alternatives in braces are not supported",
          line.place);
  return *clip;
}

/// "id<TAB>text", "id text" or "id".
IdAndText split_after_id(const TranscriptLine& line) {
  const std::size_t tab = line.text.find('\t');
  const std::size_t end =
      std::min(tab == std::string_view::npos ? line.text.find(' ') : tab, line.text.size());
  const std::string_view id = line.text.substr(0, end);
  require(!id.empty() && !id.starts_with(' '),
          ErrorKind::kData,
          "{}: expected an id, then a tab or a space, then the text; found white space first",
          line.place);
  return {id, line.text.substr(std::min(end + 1, line.text.size()))};
}

bool has_tab(const TranscriptLine& line) {
  return line.text.find('\t') != std::string_view::npos;
}

bool is_trn(const fs::path& file, const std::vector<TranscriptLine>& lines) {
  const auto is_of_trn = [](const TranscriptLine& line) {
    return !has_tab(line) && split_trn(line.text).has_value();
  };
  return !lines.empty() && (file.extension() == ".trn" || std::ranges::all_of(lines, is_of_trn));
}

/// A .txt file of a single text without id.
bool is_lone_text(const fs::path& file, const std::vector<TranscriptLine>& lines) {
  return file.extension() == ".txt" && lines.size() <= 1 && std::ranges::none_of(lines, has_tab);
}

std::map<std::string, ClipText> read_text_folder(const fs::path& folder) {
  std::map<std::string, ClipText> clips;
  for (const auto& item : fs::directory_iterator(folder)) {
    if (!item.is_regular_file() || item.path().extension() != ".txt")
      continue;
    const std::string text = read_without_mark(item.path());
    const std::string place = item.path().string();
    clips[item.path().stem().string()] = {std::string(checked_utf8(text, place)), place};
  }
  require(!clips.empty(), ErrorKind::kData, "{}: holds no .txt file", folder.string());
  return clips;
}

template <class Split>
std::map<std::string, ClipText> split_lines(const std::vector<TranscriptLine>& lines,
                                            const Split& split) {
  std::map<std::string, ClipText> clips;
  for (const TranscriptLine& line : lines) {
    const IdAndText clip = split(line);
    const auto [known, is_new] =
        clips.try_emplace(std::string(clip.id), ClipText{std::string(clip.text), line.place});
    require(is_new,
            ErrorKind::kData,
            "{}: the id {} stands in {} already",
            line.place,
            clip.id,
            known->second.place);
  }
  return clips;
}

}  // namespace

std::map<std::string, ClipText> read_transcript(const fs::path& path) {
  require(fs::exists(path), ErrorKind::kIo, "{}: no such file or folder", path.string());
  if (fs::is_directory(path))
    return read_text_folder(path);
  const std::string content = read_without_mark(path);
  const std::vector<TranscriptLine> lines = lines_of(content, path.string());
  if (is_trn(path, lines))
    return split_lines(lines, require_trn);
  if (is_lone_text(path, lines))
    return {{std::string(),
             ClipText{std::string(lines.empty() ? "" : lines.front().text), path.string()}}};
  require(!lines.empty(),
          ErrorKind::kData,
          "{}: expected a clip in a line, with id and text; found none",
          path.string());
  return split_lines(lines, split_after_id);
}

}  // namespace lipsound2::eval
