#include "base/sealed_form.hpp"

#include <algorithm>

#include "base/byte_writer.hpp"
#include "base/sha256.hpp"

namespace consilium {

Bytes SealedForm::begin() const {
  Bytes form;
  put_text(form, magic);
  put_number(form, version);
  return form;
}

void SealedForm::seal(Bytes& form) {
  const Sha256Digest digest = sha256(form);
  form.insert(form.end(), digest.begin(), digest.end());
}

Result<ByteReader> SealedForm::open(ByteView form) const {
  constexpr std::size_t seal_size = sizeof(Sha256Digest);
  const std::size_t head_size = magic.size() + sizeof(version);
  ByteReader reader(form);
  if (form.size() < head_size + seal_size || CSL_TRY(reader.text(magic.size())) != magic) {
    return corrupt(reader, "this is no " + std::string(name));
  }
  if (CSL_TRY(reader.u16()) != version) {
    return fail(ErrorCode::Unsupported, "the " + std::string(name) + " is of another format",
                reader.where(), std::string(remedy) + " with this version");
  }
  const ByteView sealed = form.first(form.size() - seal_size);
  if (!std::ranges::equal(sha256(sealed), form.last(seal_size))) {
    return corrupt(reader, "the " + std::string(name) + " is cut or altered");
  }
  return ByteReader(sealed.subspan(head_size), std::endian::little, head_size);
}

std::unexpected<Error> SealedForm::corrupt(const ByteReader& reader, std::string what) const {
  return fail(ErrorCode::Corrupt, std::move(what), reader.where(), std::string(remedy));
}

}  // namespace consilium
