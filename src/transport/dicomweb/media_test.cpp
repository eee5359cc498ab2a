#include "transport/dicomweb/media.hpp"

#include <doctest/doctest.h>

using namespace consilium;
using namespace consilium::dicomweb;

namespace {

std::string forms_of(const Result<WantedParts>& wanted) {
  if (!wanted) return std::string(name_of(wanted.error().code));
  std::string text = wanted->single ? "single" : "parts";
  for (const service::WantedForm& form : wanted->forms) {
    text += ' ' + form.media_type + '|' + form.transfer_syntax;
  }
  return text;
}

http::Request request_with(std::vector<std::pair<std::string, std::string>> query) {
  http::Request request;
  request.query = std::move(query);
  return request;
}

}  // namespace

TEST_CASE("what is accepted is taken in the order of its weight") {
  const auto types = parse_media_types(
      "image/png;q=0.5, IMAGE/JPEG , a/b;q=0, multipart/related; "
      "type=\"application/dicom, x\"; transfer-syntax=*, nothing");
  REQUIRE(types.size() == 3);
  CHECK(types[0].type == "image/jpeg");
  CHECK(types[1].parameter("type") == "application/dicom, x");
  CHECK(types[2].type == "image/png");
  CHECK(accepts(parse_media_types("image/*"), "image/png"));
  CHECK_FALSE(accepts(parse_media_types("text/html"), "image/png"));
}

TEST_CASE("objects and frames are wanted as PS3.18 8.7 has it") {
  struct Case {
    const char* accept;
    const char* objects;
    const char* frames;
  };
  for (const Case& c :
       {Case{"multipart/related; type=\"application/dicom\"", "parts |1.2.840.10008.1.2.1",
             "unsupported"},
        Case{"multipart/related; type=\"application/dicom\"; transfer-syntax=*", "parts |*",
             "unsupported"},
        Case{"application/dicom; transfer-syntax=1.2.840.10008.1.2.4.70",
             "single |1.2.840.10008.1.2.4.70", "unsupported"},
        Case{"*/*", "parts |*", "parts application/octet-stream|1.2.840.10008.1.2.1"},
        Case{"multipart/related; type=application/octet-stream; transfer-syntax=*", "unsupported",
             "parts application/octet-stream|*"},
        Case{"application/octet-stream", "unsupported",
             "single application/octet-stream|1.2.840.10008.1.2.1"},
        Case{"multipart/related; type=\"image/jls\"", "unsupported",
             "parts image/jls|1.2.840.10008.1.2.4.80"},
        Case{"text/html", "unsupported", "unsupported"}}) {
    CAPTURE(c.accept);
    const auto types = parse_media_types(c.accept);
    CHECK(forms_of(wanted_objects(types)) == c.objects);
    CHECK(forms_of(wanted_frames(types)) == c.frames);
  }
}

TEST_CASE("the parameters of a picture are read or refused by name") {
  const auto query = parse_render_query(request_with({{"accept", "image/png"},
                                                      {"window", "40,400,sigmoid"},
                                                      {"viewport", "100,50,,,10,20"},
                                                      {"quality", "70"}}));
  REQUIRE(query);
  CHECK(query->media == service::RenderedMedia::Png);
  CHECK(query->window->function == WindowFunction::Sigmoid);
  CHECK(query->viewport->source_height == 20);
  CHECK(query->quality == 70);
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"window", "40"},
                                                        {"window", "40,0"},
                                                        {"window", "40,400,cubic"},
                                                        {"window", "nan,1"},
                                                        {"viewport", "0,10"},
                                                        {"viewport", "10,10,1"},
                                                        {"viewport", "1e9,1"},
                                                        {"viewport", "10,10,-1,0,1,1"},
                                                        {"quality", "0"},
                                                        {"quality", "high"}}) {
    CAPTURE(value);
    const auto wrong = parse_render_query(request_with({{name, value}}));
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().where == "parameter " + name);
  }
  CHECK(parse_render_query(request_with({{"accept", "image/gif"}})).error().code ==
        ErrorCode::Unsupported);
}

TEST_CASE("a list of frames is of numbers from 1") {
  CHECK(parse_frame_list("1,3").value() == std::vector<std::uint32_t>{1, 3});
  for (const char* wrong : {"", "0", "1,", "a", "1;2", "-1", "99999999999"}) {
    CHECK_FALSE(parse_frame_list(wrong));
  }
}
