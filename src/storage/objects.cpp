#include "storage/objects.hpp"

namespace consilium::storage {

Result<ObjectWriter::Finished> ObjectStore::put(const PatientId& patient, ByteView content) {
  const std::unique_ptr<ObjectWriter> writer = CSL_TRY(begin(patient));
  CSL_TRY(writer->write(content));
  return writer->finish();
}

Result<Bytes> ObjectStore::get(const PatientId& patient, const ObjectRef& object) {
  const std::unique_ptr<ByteSource> source = CSL_TRY(open(patient, object));
  Bytes content(static_cast<std::size_t>(source->size()));
  CSL_TRY(source->read(0, content));
  return content;
}

}  // namespace consilium::storage
