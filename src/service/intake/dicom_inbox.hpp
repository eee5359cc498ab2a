// What arrives over the DICOM network: each object is durable when its sender is told so, and is
// imported in the background like an upload. What its import then refuses waits with the reason
// (waiting_object.hpp). One batch is one import: the objects of an association
// until it ends, or until a commitment is asked for.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "service/intake/imports.hpp"

namespace consilium::service {

// As it came: the dataset in its transfer syntax, without a file's head.
struct NetworkObject {
  std::string sop_class_uid;
  std::string sop_instance_uid;
  std::string transfer_syntax_uid;
  ByteView dataset;
};

// What is known of an object whose safe-keeping a sender asks for (PS3.4 J).
enum class Commitment : std::uint8_t {
  Safe,        // kept, taken in or not; read back whole, its seal and its checksum hold
  NotThere,    // no such instance, or a person discarded it
  OtherClass,  // there, as another SOP Class
  Damaged,     // there, but it no longer reads as it was received
};

class DicomInbox {
 public:
  DicomInbox(ImportTools tools, Imports& imports) : tools_(tools), imports_(imports) {}

  // An association's objects. Used by one thread at a time.
  struct Batch {
    Access access;
    ProjectId project;
    std::optional<ImportId> import;
    std::int64_t object_count = 0;
  };

  // Durable on return. The object is looked at first, so that a sender hears at once what an import
  // would refuse. The same content again changes nothing.
  // Errors: Corrupt, Unsupported, InvalidInput (UIDs differ from the command's); Conflict when the
  // instance is there with other content; NoSpace, Unavailable.
  [[nodiscard]] Status add(Batch& batch, const NetworkObject& object);
  // Hands what has come to the import. Errors: Unavailable; nothing is lost then, call again.
  [[nodiscard]] Status flush(Batch& batch);

  // Whether every import that was handed over has ended.
  [[nodiscard]] Result<bool> is_settled();
  // Cost: the object is read whole.
  [[nodiscard]] Result<Commitment> check(std::string_view sop_class_uid,
                                         std::string_view sop_instance_uid);
  // Hands over what a stop left between an object's arrival and its batch's end. Call once, at the
  // start.
  [[nodiscard]] Status resume();

 private:
  [[nodiscard]] Status finish(const Access& access, const ProjectId& project, const ImportId& id);
  ImportTools tools_;
  Imports& imports_;
  std::mutex mutex_;
  std::set<ImportId> running_;
};

}  // namespace consilium::service
