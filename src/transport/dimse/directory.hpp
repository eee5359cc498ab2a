// C-FIND and retrieval over what DICOMweb serves: the same rights, pseudonyms, mapped UIDs and
// shifted dates, in the form of identifiers (PS3.4 C.2, C.4.1, C.4.3).
#pragma once

#include <string>
#include <vector>

#include "service/dicomweb/dicomweb.hpp"

namespace consilium::dimse {

struct FoundInstance {
  std::string study_uid;
  std::string series_uid;
  std::string instance_uid;
  std::string sop_class_uid;
  std::string transfer_syntax_uid;  // in which it is served unless another is asked for
};

struct FetchedObject {
  std::string transfer_syntax_uid;
  Bytes dataset;
};

class Directory {
 public:
  Directory(service::DicomWeb& web, service::Access access, ProjectId project)
      : web_(web), access_(std::move(access)), project_(project) {}

  // Matches, each a dataset in explicit little endian with the attributes that the identifier has.
  // Errors: InvalidInput when it says no level, or one that the model has not; those of the search.
  [[nodiscard]] Result<std::vector<Bytes>> find(std::string_view model_uid, ByteView identifier,
                                                std::string_view transfer_syntax_uid) const;
  // What the identifier's unique keys name. Errors: as `find`; InvalidInput when they name nothing
  // but everything.
  [[nodiscard]] Result<std::vector<FoundInstance>> instances(
      std::string_view model_uid, ByteView identifier, std::string_view transfer_syntax_uid) const;
  // In that syntax where it can be had, else as it is kept. Errors: those of the retrieval.
  [[nodiscard]] Result<FetchedObject> fetch(const FoundInstance& instance,
                                            std::string_view transfer_syntax_uid) const;

 private:
  service::DicomWeb& web_;
  service::Access access_;
  ProjectId project_;
};

}  // namespace consilium::dimse
