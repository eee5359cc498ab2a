#include "transport/dicomweb/multipart.hpp"

#include <algorithm>

#include "base/joined_source.hpp"
#include "transport/dicomweb/media.hpp"
#include "transport/http/message.hpp"

namespace consilium::dicomweb {
namespace {

constexpr std::size_t window_bytes = 256U << 10U;
constexpr std::size_t preamble_bytes_max = 64U << 10U;
constexpr std::size_t head_bytes_max = 16U << 10U;
constexpr std::size_t head_lines_max = 64;
constexpr std::size_t boundary_size_max = 70;  // RFC 2046, 5.1.1

bool is_boundary(std::string_view text) {
  return !text.empty() && text.size() <= boundary_size_max && text.back() != ' ' &&
         std::ranges::all_of(text, [](char c) {
           const bool is_alphanumeric =
               (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
           return is_alphanumeric || std::string_view("'()+_,-./:=? ").contains(c);
         });
}

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::unexpected<Error> broken(std::string what, std::uint64_t offset) {
  return fail(ErrorCode::InvalidInput, std::move(what), "body byte " + std::to_string(offset),
              "send a multipart/related message as RFC 2046 has it");
}

SourceRange text_range(const std::string& text) {
  return {.source = memory_source(to_bytes(text)), .offset = 0, .length = text.size()};
}

}  // namespace

Result<std::string> boundary_of(std::string_view content_type) {
  const auto types = parse_media_types(content_type);
  const bool is_related = types.size() == 1 && types.front().type == "multipart/related";
  const std::string type = is_related ? types.front().parameter("type") : std::string();
  if (!is_related || (!type.empty() && type != "application/dicom")) {
    return fail(ErrorCode::Unsupported, "the message is not one of DICOM objects",
                "header Content-Type", "send multipart/related; type=\"application/dicom\"");
  }
  std::string boundary = types.front().parameter("boundary");
  if (!is_boundary(boundary)) {
    return fail(ErrorCode::InvalidInput, "the message's boundary is missing or none",
                "header Content-Type", "give boundary=... of 1 to 70 characters");
  }
  return boundary;
}

MultipartReader::MultipartReader(Source source, std::string_view boundary)
    : source_(std::move(source)), delimiter_("\r\n--" + std::string(boundary)) {}

std::string_view MultipartReader::window() const { return text_of(ByteView(buffer_).subspan(at_)); }

void MultipartReader::take(std::size_t count) {
  at_ += count;
  offset_ += count;
}

// Until the window holds `wanted` bytes or the message ends.
Status MultipartReader::fill(std::size_t wanted) {
  while (available() < wanted && !source_ended_) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(at_));
    at_ = 0;
    const std::size_t size = buffer_.size();
    buffer_.resize(std::max(wanted, window_bytes));
    const auto got = source_(std::span(buffer_).subspan(size));
    buffer_.resize(size + (got ? *got : 0));
    if (!got) return std::unexpected(got.error());
    source_ended_ = *got == 0;
  }
  return {};
}

Result<std::string> MultipartReader::line() {
  CSL_TRY(fill(head_bytes_max));
  const std::size_t end = window().substr(0, head_bytes_max).find('\n');
  if (end == std::string_view::npos) return broken("a part's head does not end", offset_);
  std::string text(window().substr(0, end));
  if (!text.empty() && text.back() == '\r') text.pop_back();
  take(end + 1);
  return text;
}

Result<PartHead> MultipartReader::head() {
  PartHead head;
  const std::uint64_t begin = offset_;
  for (std::size_t count = 0; count < head_lines_max; ++count) {
    const std::string text = CSL_TRY(line());
    if (text.empty()) return head;
    if (offset_ - begin > head_bytes_max) break;
    const std::size_t colon = text.find(':');
    if (colon == std::string::npos) return broken("a line of a part's head is no field", offset_);
    const std::string_view name = trim(std::string_view(text).substr(0, colon));
    const std::string_view value = trim(std::string_view(text).substr(colon + 1));
    if (http::equal_ignoring_case(name, "content-type")) head.content_type = value;
    if (http::equal_ignoring_case(name, "content-location")) head.location = value;
  }
  return broken("a part's head is too long", offset_);
}

MultipartReader::Span MultipartReader::part_span() const {
  const std::string_view view = window();
  const std::size_t found = view.find(delimiter_);
  if (found != std::string_view::npos) return {.count = found, .ends = true};
  // The delimiter may have begun within the last bytes.
  const std::size_t held = std::min(view.size(), delimiter_.size() - 1);
  return {.count = view.size() - held, .ends = false};
}

Result<std::size_t> MultipartReader::read(std::span<std::byte> out) {
  if (state_ != State::InPart || out.empty()) return std::size_t{0};
  Span span = part_span();
  if (span.count == 0 && !span.ends) {
    CSL_TRY(fill(window_bytes));
    span = part_span();
    if (span.count == 0 && !span.ends) {
      return broken("the message ends before its last boundary", offset_ + available());
    }
  }
  const std::size_t count = std::min(span.count, out.size());
  std::ranges::copy(ByteView(buffer_).subspan(at_, count), out.begin());
  take(count);
  return count;
}

Result<std::optional<PartHead>> MultipartReader::next() {
  if (state_ == State::Done) return std::optional<PartHead>{};
  if (state_ == State::Begin) {
    // The first boundary may stand at the very beginning, without a line end before it.
    CSL_TRY(fill(preamble_bytes_max));
    const std::string_view dashes = std::string_view(delimiter_).substr(2);
    const std::size_t found =
        window().starts_with(dashes) ? 0 : window().substr(0, preamble_bytes_max).find(delimiter_);
    if (found == std::string_view::npos) return broken("the boundary does not occur", offset_);
    take(found == 0 && window().starts_with(dashes) ? dashes.size() : found + delimiter_.size());
  } else {
    Bytes passed(window_bytes);
    while (CSL_TRY(read(passed)) > 0) {
    }
    take(delimiter_.size());
  }
  CSL_TRY(fill(2));
  if (window().starts_with("--")) {
    state_ = State::Done;
    return std::optional<PartHead>{};
  }
  const std::string rest = CSL_TRY(line());
  if (!trim(rest).empty()) return broken("a boundary's line goes on", offset_);
  PartHead part = CSL_TRY(head());
  // The line end of an empty part's head is that of the delimiter, too.
  state_ = State::InPart;
  return std::optional(std::move(part));
}

std::shared_ptr<const ByteSource> multipart_message(std::vector<OutgoingPart> parts,
                                                    std::string_view boundary) {
  std::vector<SourceRange> ranges;
  std::string before = "--" + std::string(boundary);
  for (OutgoingPart& part : parts) {
    before += "\r\nContent-Type: " + part.content_type;
    before += "\r\nContent-Length: " + std::to_string(part.bytes->size());
    if (!part.location.empty()) before += "\r\nContent-Location: " + part.location;
    before += "\r\n\r\n";
    ranges.push_back(text_range(before));
    const std::uint64_t size = part.bytes->size();
    ranges.push_back({.source = std::move(part.bytes), .offset = 0, .length = size});
    before = "\r\n--" + std::string(boundary);
  }
  ranges.push_back(text_range(before + "--\r\n"));
  return joined_source(std::move(ranges));
}

}  // namespace consilium::dicomweb
