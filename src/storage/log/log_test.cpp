#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include "base/random.hpp"
#include "storage/log/event_text.hpp"
#include "storage/log/merkle.hpp"
#include "storage/log/signed_head.hpp"

namespace consilium::storage {
namespace {

Bytes from_hex(std::string_view text) {
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

std::vector<Sha256Digest> leaves_of(std::size_t count) {
  std::vector<Sha256Digest> leaves;
  for (std::size_t i = 0; i < count; ++i)
    leaves.push_back(merkle_leaf(bytes_of(std::to_string(i))));
  return leaves;
}

TEST_CASE("the tree has the roots that the Certificate Transparency project publishes") {
  // The eight leaves and roots of its reference tests (merkletree/merkle_tree_test.go).
  constexpr std::array<std::string_view, 8> inputs{"",
                                                   "00",
                                                   "10",
                                                   "2021",
                                                   "3031",
                                                   "40414243",
                                                   "5051525354555657",
                                                   "606162636465666768696a6b6c6d6e6f"};
  constexpr std::array<std::string_view, 8> roots{
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  MerkleFrontier tree;
  CHECK(to_hex(tree.root()) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    tree.append(merkle_leaf(from_hex(inputs[i])));
    CHECK(to_hex(tree.root()) == roots[i]);
    const auto again = MerkleFrontier::from_peaks(tree.size(), tree.peaks());
    REQUIRE(again.has_value());
    CHECK(again->root() == tree.root());
  }
}

TEST_CASE("every leaf's inclusion is proven, and no other leaf's") {
  for (std::size_t count = 1; count <= 33; ++count) {
    const auto leaves = leaves_of(count);
    const Sha256Digest root = merkle_root(leaves);
    for (std::size_t i = 0; i < count; ++i) {
      const auto proof = inclusion_proof(i, leaves);
      CHECK(inclusion_holds(leaves[i], i, count, proof, root));
      CHECK(!inclusion_holds(leaves[(i + 1) % count], i, count + (count == 1), proof, root));
      if (count > 1) CHECK(!inclusion_holds(leaves[i], (i + 1) % count, count, proof, root));
    }
  }
}

TEST_CASE("a longer log proves that it begins with the shorter one") {
  for (std::size_t count = 1; count <= 33; ++count) {
    const auto leaves = leaves_of(count);
    const Sha256Digest root = merkle_root(leaves);
    for (std::size_t old_size = 1; old_size <= count; ++old_size) {
      const Sha256Digest old_root = merkle_root(std::span(leaves).first(old_size));
      const auto proof = consistency_proof(old_size, leaves);
      CHECK(consistency_holds(old_size, old_root, count, root, proof));
      CHECK(!consistency_holds(old_size, merkle_leaf({}), count, root, proof));
      if (old_size < count) CHECK(!consistency_holds(old_size, old_root, count, old_root, proof));
    }
  }
}

TEST_CASE("a head's signature holds for it alone") {
  SeededRandom random(3);
  const HeadSigner signer(Key::random(random));
  LogHead head{.tree_size = 5, .at = Timestamp{1'700'000'000'000}};
  const Bytes signature = signer.sign(head);
  CHECK(signature_holds(head, signature, signer.public_key()));
  head.tree_size = 6;
  CHECK(!signature_holds(head, signature, signer.public_key()));
}

TEST_CASE("an event cut anywhere is refused, never misread") {
  EventDraft draft{.type = "thing.made"};
  draft.fields.set("text", std::string("a\"b\\c\n\x02"))
      .set("number", -12.5e-7)
      .set("whole", std::int64_t{42})
      .set("nothing", FieldValue{})
      .set("yes", true)
      .set("bytes", Bytes(5, std::byte{9}))
      .set("json", JsonText{R"([{"a":"]}"}])"});
  const auto body = write_event(draft, Actor{.person = "p"}, Timestamp{0}, 1, {});
  REQUIRE(body.has_value());
  const auto event = read_event(*body);
  REQUIRE(event.has_value());
  CHECK(std::get<std::string>(*event->fields.find("text")) == "a\"b\\c\n\x02");
  CHECK(std::get<double>(*event->fields.find("number")) == -12.5e-7);
  CHECK(std::get<std::int64_t>(*event->fields.find("whole")) == 42);
  CHECK(std::get<Bytes>(*event->fields.find("bytes")) == Bytes(5, std::byte{9}));
  CHECK(std::get<JsonText>(*event->fields.find("json")).text == R"([{"a":"]}"}])");
  for (std::size_t size = 0; size < body->size(); ++size) {
    CHECK(!read_event(std::string_view(*body).substr(0, size)).has_value());
  }
}

TEST_CASE("what JSON cannot hold is refused before it reaches the log") {
  const auto write = [](FieldValue value) {
    EventDraft draft{.type = "thing.made"};
    draft.fields.set("value", std::move(value));
    return write_event(draft, Actor{.person = "p"}, Timestamp{0}, 1, {});
  };
  CHECK(!write(std::int64_t{1} << 54U).has_value());
  CHECK(!write(std::nan("")).has_value());
  CHECK(!write(std::string("\xFF")).has_value());
  CHECK(!write(JsonText{"{"}).has_value());
  CHECK(!write(PatientText{"needs a patient"}).has_value());
}

}  // namespace
}  // namespace consilium::storage
