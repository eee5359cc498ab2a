#include <fcntl.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "format/tar/tar.hpp"
#include "service/terminology/concept_answers.hpp"
#include "service/terminology/terminologies.hpp"
#include "transport/api/terminology_handlers.hpp"

namespace consilium::api {
namespace json = boost::json;

namespace {

constexpr std::uint64_t upload_bytes_max = 4ULL << 30U;

// A file that has a name only until it is open, so that nothing of it can stay behind.
class UploadedFile {
 public:
  UploadedFile() = default;
  UploadedFile(const UploadedFile&) = delete;
  UploadedFile& operator=(const UploadedFile&) = delete;
  ~UploadedFile() {
    if (file_ >= 0) ::close(file_);
    std::error_code gone;
    if (!path_.empty()) std::filesystem::remove(path_, gone);
  }

  Status receive(http::BodyReader& body, const std::filesystem::path& folder) {
    std::error_code made;
    std::filesystem::create_directories(folder, made);
    std::string name = (folder / "terminology-XXXXXX").string();
    file_ = ::mkstemp(name.data());
    if (file_ < 0)
      return fail(ErrorCode::Unavailable, "the upload cannot be kept while it is read");
    path_ = name;
    std::vector<std::byte> piece(1U << 18U);
    std::uint64_t size = 0;
    while (true) {
      const std::size_t got = CSL_TRY(body.read(piece));
      if (got == 0) return {};
      size += got;
      if (size > upload_bytes_max) {
        return fail(ErrorCode::TooLarge, "the upload has over 4 GiB", {},
                    "load it at the server: consilium terminology load");
      }
      for (std::size_t done = 0; done < got;) {
        const ssize_t wrote = ::write(file_, piece.data() + done, got - done);
        if (wrote < 0) return fail(ErrorCode::NoSpace, "the upload does not fit on the disk");
        done += static_cast<std::size_t>(wrote);
      }
    }
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  int file_ = -1;
  std::filesystem::path path_;
};

Result<http::Response> load(Call& call, service::Terminologies& terminologies,
                            const std::filesystem::path& folder) {
  UploadedFile upload;
  CSL_TRY(upload.receive(*call.request.stream, folder));
  const auto source = CSL_TRY(open_file_source(upload.path()));
  // A release of several files comes as a tape archive of them.
  std::vector<std::unique_ptr<ByteSource>> parts;
  std::vector<TerminologyFile> files;
  const std::string name = call.text("name");
  if (name.ends_with(".tar")) {
    for (const TarFile& file : CSL_TRY(read_tar(*source))) {
      parts.push_back(part_of(*source, file.offset, file.size));
      files.push_back({.name = file.name, .bytes = parts.back().get()});
    }
  } else {
    files.push_back({.name = name, .bytes = source.get()});
  }
  const service::ReleaseOptions options{.format = call.text("format"),
                                        .system = call.text("system"),
                                        .version = call.text("version"),
                                        .language_set = {}};
  const storage::TerminologyRow row = CSL_TRY(terminologies.load(call.access(), files, options));
  return json_response(service::terminology_json(row), 201);
}

Result<http::Response> list(const service::Terminologies& terminologies) {
  json::array items;
  for (const storage::TerminologyRow& row : CSL_TRY(terminologies.list())) {
    items.push_back(service::terminology_json(row));
  }
  return json_response(json::object{{"items", std::move(items)}, {"next_cursor", nullptr}});
}

}  // namespace

void add_terminology_handlers(HandlerTable& handlers, service::Terminologies& terminologies,
                              const service::ConceptAnswers& answers,
                              std::filesystem::path upload_folder) {
  handlers.add("list_terminologies", [&](Call&) { return list(terminologies); });
  handlers.add("load_terminology", [&, folder = std::move(upload_folder)](Call& call) {
    return load(call, terminologies, folder);
  });
  handlers.add("remove_terminology", [&](Call& call) -> Result<http::Response> {
    return reply(terminologies.remove(call.access(), call.text("system"), call.text("version")));
  });
  handlers.add("search_concepts", [&](Call& call) -> Result<http::Response> {
    const auto project = CSL_TRY(call.id<ProjectId>("project_id"));
    const auto limit = CSL_TRY(call.integer("limit", 20, 1, service::concept_hits_max));
    return reply(
        answers.search(call.access(), project, call.text("answer"), call.text("text"), limit));
  });
}

}  // namespace consilium::api
