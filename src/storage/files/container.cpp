#include "storage/files/container.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/byte_reader.hpp"
#include "base/check.hpp"

namespace consilium::storage {
namespace {

constexpr std::string_view header_magic = "CSLOBJ\r\n";
constexpr std::string_view footer_magic = "CSLEND\r\n";
constexpr std::uint32_t version = 2;
constexpr std::uint32_t oldest_version = 1;
constexpr std::size_t salt_bytes = 16;
constexpr std::size_t header_bytes = 48;
constexpr std::size_t footer_bytes = 56;
constexpr std::uint32_t packed_bit = 1U << 31U;
constexpr std::uint32_t split_bit = 1U << 30U;
constexpr std::size_t flush_bytes = 512U << 10U;

std::uint32_t table_entry(std::size_t size, ChunkForm form) {
  const std::uint32_t bits = form == ChunkForm::Raw      ? 0
                             : form == ChunkForm::Packed ? packed_bit
                                                         : packed_bit | split_bit;
  return static_cast<std::uint32_t>(size) | bits;
}
// The split bit alone stands for nothing, and did so in version 1: such a size is out of range.
ChunkForm form_of(std::uint32_t entry) {
  if ((entry & packed_bit) == 0) return ChunkForm::Raw;
  return (entry & split_bit) == 0 ? ChunkForm::Packed : ChunkForm::SplitPacked;
}
std::uint32_t size_of(std::uint32_t entry) {
  return (entry & packed_bit) == 0 ? entry : entry & ~(packed_bit | split_bit);
}

template <class T>
void add_integer(Bytes& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    out.push_back(static_cast<std::byte>((value >> (8 * i)) & 0xFFU));
  }
}
void add_text(Bytes& out, std::string_view text) {
  const ByteView bytes = bytes_of(text);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

Key object_key(const Key& patient_key, ByteView salt) {
  Bytes purpose = to_bytes("consilium object 1");
  purpose.insert(purpose.end(), salt.begin(), salt.end());
  return patient_key.derive(purpose);
}

Nonce nonce_of(std::uint64_t index) {
  Nonce nonce{};
  std::memcpy(nonce.data(), &index, sizeof index);  // x86-64 and ARM64 are little endian
  return nonce;
}

struct Associated {
  std::array<std::byte, 9> bytes{};
  Associated(std::uint64_t index, ChunkForm form) {
    std::memcpy(bytes.data(), &index, sizeof index);
    bytes[8] = static_cast<std::byte>(form);
  }
};

Bytes table_bytes(const std::vector<std::uint32_t>& table) {
  Bytes bytes;
  bytes.reserve(table.size() * 4);
  for (const std::uint32_t entry : table) add_integer(bytes, entry);
  return bytes;
}

std::unexpected<Error> damaged(std::string_view where) {
  return fail(ErrorCode::Corrupt, "a stored object is damaged", std::string(where),
              "restore it from a backup");
}

}  // namespace

Hmac::Hmac(const Key& key) : key_(key) {
  std::array<std::byte, 64> block{};
  std::copy(key.view().begin(), key.view().end(), block.begin());
  for (std::byte& byte : block) byte ^= std::byte{0x36};
  inner_.update(block);
  wipe(block);
}

Sha256Digest Hmac::finish() {
  const Sha256Digest inside = inner_.finish();
  std::array<std::byte, 64> block{};
  std::copy(key_.view().begin(), key_.view().end(), block.begin());
  for (std::byte& byte : block) byte ^= std::byte{0x5C};
  Sha256 outer;
  outer.update(block);
  outer.update(inside);
  wipe(block);
  return outer.finish();
}

Hmac begin_object_name(const Key& store_key, const PatientId& patient) {
  Hmac name(store_key);
  name.update(patient.value);
  return name;
}

ContainerWriter::ContainerWriter(const PatientId& patient, const Key& patient_key, Random& random,
                                 Append append)
    : append_(std::move(append)) {
  std::array<std::byte, salt_bytes> salt{};
  random.fill(salt);
  const Key object = object_key(patient_key, salt);
  chunk_key_ = object.derive(bytes_of("chunks"));
  table_key_ = object.derive(bytes_of("table"));
  add_text(header_, header_magic);
  add_integer(header_, version);
  add_integer(header_, static_cast<std::uint32_t>(chunk_bytes));
  header_.insert(header_.end(), patient.value.begin(), patient.value.end());
  header_.insert(header_.end(), salt.begin(), salt.end());
  CSL_CHECK(header_.size() == header_bytes);
  out_.reserve(flush_bytes + 2 * chunk_bytes);
  out_ = header_;
  stored_bytes_ = header_bytes;
}

ContainerWriter::~ContainerWriter() { wipe(pending_); }

Status ContainerWriter::write(ByteView content) {
  content_bytes_ += content.size();
  if (!pending_.empty()) {
    const std::size_t count = std::min(content.size(), chunk_bytes - pending_.size());
    pending_.insert(pending_.end(), content.begin(),
                    content.begin() + static_cast<std::ptrdiff_t>(count));
    content = content.subspan(count);
    if (pending_.size() < chunk_bytes) return {};
    CSL_TRY(put_chunk(pending_));
    pending_.clear();
  }
  while (content.size() >= chunk_bytes) {
    CSL_TRY(put_chunk(content.first(chunk_bytes)));
    content = content.subspan(chunk_bytes);
  }
  pending_.insert(pending_.end(), content.begin(), content.end());
  return {};
}

Status ContainerWriter::put_chunk(ByteView plain) {
  const auto [form, stored] = packer_.pack(plain);
  const std::uint64_t index = table_.size();
  const std::size_t size = stored.size() + seal_tag_bytes;
  const std::size_t begin = out_.size();
  out_.resize(begin + size);
  seal_into(chunk_key_, nonce_of(index), Associated(index, form).bytes, stored,
            std::span(out_).subspan(begin));
  table_.push_back(table_entry(size, form));
  stored_bytes_ += size;
  return out_.size() >= flush_bytes ? flush() : Status{};
}

Status ContainerWriter::put(ByteView bytes) {
  out_.insert(out_.end(), bytes.begin(), bytes.end());
  stored_bytes_ += bytes.size();
  return {};
}

Status ContainerWriter::flush() {
  CSL_TRY(append_(out_));
  out_.clear();
  return {};
}

Status ContainerWriter::finish() {
  if (!pending_.empty()) CSL_TRY(put_chunk(pending_));
  const std::uint64_t table_offset = stored_bytes_;
  const Bytes table = table_bytes(table_);
  Bytes footer;
  add_integer(footer, content_bytes_);
  add_integer(footer, table_offset);
  Hmac seal(table_key_);
  seal.update(header_);
  seal.update(table);
  seal.update(footer);
  const Sha256Digest tag = seal.finish();
  footer.insert(footer.end(), tag.begin(), tag.end());
  add_text(footer, footer_magic);
  CSL_CHECK(footer.size() == footer_bytes);
  CSL_TRY(put(table));
  CSL_TRY(put(footer));
  return flush();
}

Container::~Container() = default;

Result<std::unique_ptr<Container>> Container::open(std::unique_ptr<ByteSource> file,
                                                   const FindKey& find_key) {
  if (file->size() < header_bytes + footer_bytes) return damaged("it ends early");
  const Bytes header = CSL_TRY(read_bytes(*file, 0, header_bytes, header_bytes));
  const Bytes footer =
      CSL_TRY(read_bytes(*file, file->size() - footer_bytes, footer_bytes, footer_bytes));
  ByteReader head(header);
  if (CSL_TRY(head.text(8)) != header_magic) return damaged("header");
  const std::uint32_t its_version = CSL_TRY(head.u32());
  if (its_version < oldest_version || its_version > version) {
    return fail(ErrorCode::Unsupported,
                "a stored object has a form that this version does not know");
  }
  if (CSL_TRY(head.u32()) != chunk_bytes) return damaged("header");
  std::unique_ptr<Container> container(new Container());
  const ByteView patient = CSL_TRY(head.take(16));
  std::copy(patient.begin(), patient.end(), container->patient_.value.begin());
  const ByteView salt = CSL_TRY(head.take(salt_bytes));

  ByteReader foot(footer);
  container->content_bytes_ = CSL_TRY(foot.u64());
  const std::uint64_t table_offset = CSL_TRY(foot.u64());
  const ByteView tag = CSL_TRY(foot.take(32));
  if (CSL_TRY(foot.text(8)) != footer_magic) return damaged("footer");
  const std::uint64_t chunk_count = container->content_bytes_ / chunk_bytes +
                                    (container->content_bytes_ % chunk_bytes != 0 ? 1 : 0);
  const std::uint64_t table_end = file->size() - footer_bytes;
  if (table_offset < header_bytes || table_offset > table_end ||
      (table_end - table_offset) % 4 != 0 || (table_end - table_offset) / 4 != chunk_count) {
    return damaged("footer");
  }
  const Bytes table =
      CSL_TRY(read_bytes(*file, table_offset, table_end - table_offset, table_end - table_offset));
  const Key object = object_key(CSL_TRY(find_key(container->patient_)), salt);
  Hmac seal(object.derive(bytes_of("table")));
  seal.update(header);
  seal.update(table);
  seal.update(ByteView(footer).first(16));
  if (!std::ranges::equal(seal.finish(), tag)) return damaged("chunk table");
  container->chunk_key_ = object.derive(bytes_of("chunks"));

  ByteReader entries(table);
  std::uint64_t offset = header_bytes;
  for (std::uint64_t i = 0; i < chunk_count; ++i) {
    const std::uint32_t entry = CSL_TRY(entries.u32());
    const std::uint32_t size = size_of(entry);
    container->table_.push_back({.offset = offset, .size = size, .form = form_of(entry)});
    offset += size;
  }
  if (offset != table_offset) return damaged("chunk table");
  container->file_ = std::move(file);
  return container;
}

std::size_t Container::chunk_size(std::uint64_t index) const {
  CSL_CHECK(index < table_.size());
  const std::uint64_t left = content_bytes_ - index * chunk_bytes;
  return left < chunk_bytes ? static_cast<std::size_t>(left) : chunk_bytes;
}

Status Container::read_chunk(std::uint64_t index, std::span<std::byte> out) const {
  CSL_CHECK(out.size() == chunk_size(index));
  const Chunk& chunk = table_[static_cast<std::size_t>(index)];
  if (chunk.size < seal_tag_bytes || chunk.size > chunk_bytes + seal_tag_bytes) {
    return damaged("chunk table");
  }
  std::array<std::byte, chunk_bytes + seal_tag_bytes> sealed;
  const std::span<std::byte> stored = std::span(sealed).first(chunk.size);
  CSL_TRY(file_->read(chunk.offset, stored));
  const Associated associated(index, chunk.form);
  if (chunk.form == ChunkForm::Raw) {
    if (chunk.size - seal_tag_bytes != out.size()) return damaged("chunk table");
    return open_into(chunk_key_, nonce_of(index), associated.bytes, stored, out);
  }
  std::array<std::byte, chunk_bytes> packed;
  const std::span<std::byte> opened = std::span(packed).first(chunk.size - seal_tag_bytes);
  CSL_TRY(open_into(chunk_key_, nonce_of(index), associated.bytes, stored, opened));
  const bool is_good = unpack_chunk(chunk.form, opened, out);
  wipe(opened);
  return is_good ? Status{} : damaged("chunk");
}

Status check_container(std::unique_ptr<ByteSource> file, const Key& store_key,
                       const Container::FindKey& find_key, std::string_view name) {
  const std::unique_ptr<Container> container = CSL_TRY(Container::open(std::move(file), find_key));
  Hmac content = begin_object_name(store_key, container->patient());
  Bytes plain(chunk_bytes);
  for (std::uint64_t i = 0; i < container->chunk_count(); ++i) {
    const std::span<std::byte> out = std::span(plain).first(container->chunk_size(i));
    CSL_TRY(container->read_chunk(i, out));
    content.update(out);
  }
  wipe(plain);
  if (to_hex(content.finish()) != name) return damaged("its content has another name");
  return {};
}

}  // namespace consilium::storage
