// One DICOM file into the catalog: identity to the vault, the file sealed, its ready frames found
// in it or derived, and the facts that identify nobody.
#pragma once

#include "format/dicom/identity.hpp"
#include "format/dicom/image_description.hpp"
#include "service/intake/prepared.hpp"

namespace consilium::service {

// As the vault takes it.
[[nodiscard]] storage::Identity identity_of_dicom(const DicomIdentity& identity);

// Errors: those of reading and describing the file; Conflict when its UID is there with other
// content. Cost: reading, sealing and, where frames are not stored ready, decoding them.
[[nodiscard]] Status prepare_image(const IntakeTools& tools, ByteView file,
                                   const std::string& content, const PreparedSink& sink);

// An image that is no DICOM object: a volume's file or a picture, already read.
struct PlainImage {
  ImageDescription image;  // with every frame's place, or none
  ByteView frames;         // ready, one after the other
  // Whose it is; empty: a patient of its own.
  std::string patient_id;
  // Images of one study and series have the same texts here; they become UIDs that tell nothing.
  std::string study;
  std::string series;
};

// Keeps the file as received and the frames beside it, or, where `frames` lie in the file, only it.
// Its SOP Class UID is empty: nothing pretends that it was DICOM.
// What the UID of its image will be, by its content alone.
[[nodiscard]] std::string plain_image_uid(storage::Store& store, const std::string& content);
[[nodiscard]] Status prepare_plain_image(const IntakeTools& tools, ByteView file,
                                         const PlainImage& plain, const std::string& content,
                                         const PreparedSink& sink);

}  // namespace consilium::service
