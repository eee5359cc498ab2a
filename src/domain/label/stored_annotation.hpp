// An annotation with what the server knows of it: who said it, when, which revision, in what state.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/protected.hpp"
#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "domain/label/annotation.hpp"

namespace consilium {

// Humans and machines are told apart wherever it matters: blinding, provenance, audit, export.
enum class RaterKind {
  Human,
  Model,       // a trained model
  Dictionary,  // term lists
  Rule,        // regular expressions and labelling functions
  Import,      // a label set that came with the data
  Migration,   // labels moved to a new protocol version
};
[[nodiscard]] std::string_view name_of(RaterKind kind);
[[nodiscard]] std::optional<RaterKind> rater_kind_named(std::string_view name);

struct RaterRef {
  RaterId id;
  RaterKind kind = RaterKind::Human;
  std::string display_name;
  friend bool operator==(const RaterRef&, const RaterRef&) = default;
};

enum class AnnotationState { Draft, Submitted, Retracted };
[[nodiscard]] std::string_view name_of(AnnotationState state);
[[nodiscard]] std::optional<AnnotationState> annotation_state_named(std::string_view name);

struct StoredAnnotation {
  Annotation body;
  std::int64_t revision = 1;
  AnnotationState state = AnnotationState::Draft;
  RaterRef rater;
  Timestamp created_at;
  Timestamp updated_at;
  friend bool operator==(const StoredAnnotation&, const StoredAnnotation&) = default;
};

// The body's members and the server's beside them.
[[nodiscard]] boost::json::object stored_annotation_json(const StoredAnnotation& stored);
// Reads what the writer made. Errors: InvalidInput with the JSON pointer.
[[nodiscard]] Result<StoredAnnotation> read_stored_annotation(const boost::json::value& value);

// What a span target quotes, fragments joined by " ... ". It is the patient's text: it is sealed.
// Errors: InvalidInput when a range leaves the text.
[[nodiscard]] Result<Protected<std::string>> quoted_surface(const SpansTarget& spans,
                                                            const CanonicalText& text);

}  // namespace consilium
