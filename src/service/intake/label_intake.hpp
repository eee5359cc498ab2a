// Files of other tools' labels on a project's images and notes, once those of the import are in.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "service/intake/label_files.hpp"
#include "service/intake/prepared.hpp"
#include "service/prelabel/file_labels.hpp"
#include "service/prelabel/image_finder.hpp"
#include "service/prelabel/keep_labels.hpp"

namespace consilium::service {

// Whether the file is a DICOM object of labels. False for what does not read: whoever takes it for
// an image says what is wrong.
[[nodiscard]] bool holds_labels(ByteView dicom);
// Whether they are a report, which may say more of another object's labels.
[[nodiscard]] bool holds_report(ByteView dicom);

// The SOP instance UID of a DICOM file; nothing for others.
[[nodiscard]] std::optional<std::string> instance_uid_of(ByteView dicom);

class LabelIntake {
 public:
  LabelIntake(const IntakeTools& tools, const LabelMap& map)
      : tools_(tools),
        images_(tools.store, tools.project),
        keeper_(tools.store, tools.clock, tools.random, tools.project, map) {}

  // The object itself is kept in its study as it was received, whether or not its labels can be
  // read. Gives what is to be committed to the sink; each thing before the next one is made. What
  // of the file was not taken over comes back, or nothing. Errors: those of reading; NotFound when
  // the project has none of its images; Conflict without a protocol.
  [[nodiscard]] Result<std::optional<Error>> take_object(ByteView dicom, MissingImages missing,
                                                         const PreparedSink& sink);

  // The same for a file of another kind (label_files.hpp), and what lies beside it.
  [[nodiscard]] Result<std::optional<Error>> take_file(const LabelFile& file,
                                                       const ImageByName& by_name,
                                                       const PreparedSink& sink);

  [[nodiscard]] std::int64_t labels_added() const { return labels_added_; }
  // Those that another intake of the same run added.
  void count_labels(std::int64_t added) { labels_added_ += added; }

 private:
  [[nodiscard]] Result<ReadLabels> labels_of_notes(const LabelFile& file) const;
  [[nodiscard]] Result<std::optional<Error>> keep(const ReadLabels& read, const PreparedSink& sink);

  const IntakeTools& tools_;
  ImageFinder images_;
  LabelKeeper keeper_;
  std::int64_t labels_added_ = 0;  // that are committed
};

}  // namespace consilium::service
