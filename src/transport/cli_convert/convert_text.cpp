#include "transport/cli_convert/convert_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <utility>

#include "transport/cli_convert/label_files.hpp"

namespace consilium::cli {
namespace {

Result<std::string> file_text(const std::filesystem::path& path) {
  const Bytes bytes = CSL_TRY(detail::bytes_of_file(path));
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Result<const LabelledFormat*> format_in(const TextConversion& conversion, std::string_view bytes) {
  const LabelledFormat* format =
      conversion.from.empty() ? sniff_labelled_format(conversion.in.filename().string(), bytes)
                              : labelled_format(conversion.from);
  if (format != nullptr && format->reads) return format;
  return fail(ErrorCode::InvalidInput, "the file's format cannot be told or is not read", "--from",
              "say one of: " + labelled_format_names(FormatUse::Read));
}

Result<const LabelledFormat*> format_out(const TextConversion& conversion) {
  const LabelledFormat* format = labelled_format(conversion.to);
  if (conversion.to.empty()) {
    const std::string ending = conversion.out.extension().string();
    const auto formats = labelled_formats();
    const auto first = std::ranges::find(formats, ending, &LabelledFormat::ending);
    const bool is_own = ending == ".ann" || ending == ".conll" || ending == ".pubtator" ||
                        ending == ".tsv" || ending == ".xmi" || ending == ".csv";
    if (is_own && first != formats.end()) format = &*first;
  }
  if (format != nullptr && format->writes) return format;
  return fail(ErrorCode::InvalidInput, "the format to write cannot be told", "--to",
              "say one of: " + labelled_format_names(FormatUse::Write));
}

Status write_file(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (file) return {};
  return fail(ErrorCode::Unavailable, "the result cannot be written", path.string(),
              "check that the folder is there and may be written to");
}

class Conversion {
 public:
  Conversion(const TextConversion& asked, const LabelledFormat& to) : asked_(asked), to_(to) {}

  Result<TextConversionReport> run(std::vector<LabelledText> texts) {
    report_.to = to_.name;
    report_.text_count = texts.size();
    for (const LabelledText& text : texts) {
      report_.mention_count += text.mentions.size();
      for (const TextProblem& problem : text.problems) ++problems_[problem.what];
    }
    if (to_.one_text && texts.size() > 1) {
      for (std::size_t i = 0; i < texts.size(); ++i) {
        std::filesystem::path path = asked_.out;
        path.replace_filename(fmt::format("{}-{}{}", asked_.out.stem().string(), i + 1,
                                          asked_.out.extension().string()));
        std::vector<LabelledText> one;
        one.push_back(std::move(texts[i]));
        CSL_TRY(write(std::move(one), path));
      }
    } else {
      CSL_TRY(write(std::move(texts), asked_.out));
    }
    for (const auto& [kind, count] : problems_) report_.problems.push_back({kind, count});
    for (const auto& [kind, count] : losses_) report_.losses.push_back({kind, count});
    return std::move(report_);
  }

 private:
  Status write(std::vector<LabelledText> texts, const std::filesystem::path& path) {
    const LabelledFile file = CSL_TRY(write_labelled(to_, std::move(texts), asked_.overlaps,
                                                     {.recorded_at = asked_.recorded_at}));
    CSL_TRY(write_file(path, file.bytes));
    report_.files.push_back(path);
    for (const LabelledFile::Beside& one : file.beside) {
      std::filesystem::path beside = path;
      beside.replace_filename(path.stem().string() + "." + one.name);
      CSL_TRY(write_file(beside, one.bytes));
      report_.files.push_back(beside);
    }
    if (to_.text_beside) {
      std::filesystem::path beside = path;
      beside.replace_extension(".txt");
      CSL_TRY(write_file(beside, file.text_beside));
      report_.files.push_back(beside);
    }
    for (const TextLoss& loss : file.losses) losses_[loss.kind] += loss.count;
    return {};
  }

  const TextConversion& asked_;
  const LabelledFormat& to_;
  TextConversionReport report_;
  std::map<std::string, std::uint64_t> problems_;
  std::map<std::string, std::uint64_t> losses_;
};

}  // namespace

std::string labelled_format_names(FormatUse use) {
  std::string names;
  for (const LabelledFormat& format : labelled_formats()) {
    if (use == FormatUse::Read ? !format.reads : !format.writes) continue;
    names += (names.empty() ? "" : ", ") + std::string(format.name);
  }
  return names;
}

bool is_text_conversion(const TextConversion& conversion) {
  if (labelled_format(conversion.from) != nullptr || labelled_format(conversion.to) != nullptr) {
    return true;
  }
  if (!conversion.to.empty()) return false;
  std::ifstream file(conversion.in, std::ios::binary);
  std::string head(std::size_t{4} << 20U, '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(file.gcount()));
  return sniff_labelled_format(conversion.in.filename().string(), head) != nullptr;
}

Result<TextConversionReport> convert_text(const TextConversion& conversion) {
  const std::string bytes = CSL_TRY(file_text(conversion.in));
  const LabelledFormat* from = CSL_TRY(format_in(conversion, bytes));
  const LabelledFormat* to = CSL_TRY(format_out(conversion));
  std::optional<std::string> beside;
  if (from->text_beside) {
    std::filesystem::path path = conversion.in;
    path.replace_extension(".txt");
    if (std::filesystem::exists(path)) beside = CSL_TRY(file_text(path));
  }
  std::vector<LabelledText> texts = CSL_TRY(read_labelled(
      *from, bytes, beside ? std::optional<std::string_view>(*beside) : std::nullopt));
  TextConversionReport report = CSL_TRY(Conversion(conversion, *to).run(std::move(texts)));
  report.from = from->name;
  return report;
}

}  // namespace consilium::cli
