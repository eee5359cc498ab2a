#include "service/segmentation/pixel_model.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "base/byte_reader.hpp"
#include "base/sha256.hpp"
#include "storage/objects.hpp"
#include "storage/pixel_samples.hpp"

namespace consilium::service {
namespace {

constexpr std::uint32_t form_version = 1;

template <class Number>
void put(Bytes& out, Number number) {
  for (unsigned i = 0; i < sizeof(Number); ++i) {
    out.push_back(static_cast<std::byte>(static_cast<std::uint64_t>(number) >> (8U * i)));
  }
}

void put_labels(Bytes& out, const std::vector<std::string>& labels) {
  put(out, static_cast<std::uint16_t>(labels.size()));
  for (const std::string& label : labels) {
    put(out, static_cast<std::uint16_t>(label.size()));
    const ByteView text = bytes_of(label);
    out.insert(out.end(), text.begin(), text.end());
  }
}

}  // namespace

Status LabelledSamples::append(const LabelledSamples& other) {
  std::array<std::uint8_t, 256> number{};
  number[background_class] = background_class;
  for (std::size_t k = 0; k < other.labels.size(); ++k) {
    auto found = std::ranges::find(labels, other.labels[k]);
    if (found == labels.end()) {
      if (labels.size() == label_count_max) {
        return fail(ErrorCode::TooLarge, "the classifier has more than 15 labels to tell apart", "",
                    "draw strokes of fewer labels, or let protocols share them");
      }
      found = labels.insert(labels.end(), other.labels[k]);
    }
    number[k + 1] = static_cast<std::uint8_t>(found - labels.begin() + 1);
  }
  PixelSamples renumbered = other.samples;
  for (std::uint8_t& label : renumbered.labels) label = number[label];
  samples.append(renumbered);
  return {};
}

Bytes packed(const LabelledSamples& kept) {
  Bytes out;
  put(out, form_version);
  put(out, static_cast<std::uint16_t>(FeaturePyramid::feature_count));
  put_labels(out, kept.labels);
  put(out, static_cast<std::uint32_t>(kept.samples.labels.size()));
  for (const std::uint8_t label : kept.samples.labels) put(out, label);
  for (const std::int16_t feature : kept.samples.features) {
    put(out, static_cast<std::uint16_t>(feature));
  }
  return out;
}

Result<LabelledSamples> read_samples(ByteView bytes) {
  ByteReader reader(bytes);
  LabelledSamples kept;
  if (CSL_TRY(reader.u32()) != form_version ||
      CSL_TRY(reader.u16()) != FeaturePyramid::feature_count) {
    return fail(ErrorCode::Corrupt, "the samples are of another form", reader.where());
  }
  const std::uint16_t label_count = CSL_TRY(reader.u16());
  if (label_count > label_count_max) {
    return fail(ErrorCode::Corrupt, "the samples have too many labels", reader.where());
  }
  for (std::uint16_t k = 0; k < label_count; ++k) {
    const std::uint16_t length = CSL_TRY(reader.u16());
    kept.labels.emplace_back(CSL_TRY(reader.text(length)));
  }
  const std::uint32_t count = CSL_TRY(reader.u32());
  if (reader.left() != std::uint64_t{count} * (1 + 2 * FeaturePyramid::feature_count)) {
    return fail(ErrorCode::Corrupt, "the samples do not have their length", reader.where());
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint8_t label = CSL_TRY(reader.u8());
    if (label != background_class && (label == 0 || label > label_count)) {
      return fail(ErrorCode::Corrupt, "a sample's label is not there", reader.where());
    }
    kept.samples.labels.push_back(label);
  }
  for (std::uint64_t i = 0; i < std::uint64_t{count} * FeaturePyramid::feature_count; ++i) {
    kept.samples.features.push_back(CSL_TRY(reader.i16()));
  }
  return kept;
}

Result<LabelledSamples> kept_samples(storage::Store& store, const storage::Reader& reader,
                                     const ProjectId& project, const std::optional<ItemId>& but) {
  LabelledSamples kept;
  for (const storage::PixelSamplesRow& row :
       CSL_TRY(storage::pixel_samples(reader, project, items_learnt_max))) {
    if (but && row.item == *but) continue;
    const auto bytes = store.objects().get(row.patient, row.object);
    if (!bytes && bytes.error().code == ErrorCode::NotFound) continue;
    if (!bytes) return std::unexpected(bytes.error());
    CSL_TRY(kept.append(CSL_TRY(read_samples(*bytes))));
  }
  return kept;
}

Status keep_samples(storage::Store& store, const Access& access, const storage::ItemRow& item,
                    const LabelledSamples& samples) {
  const storage::ObjectRef object =
      CSL_TRY(store.objects().put(item.patient, packed(samples))).object;
  CSL_TRY(store.objects().sync(std::span(&object, 1)));
  CSL_TRY(store.write(actor_of(access), [&](storage::Transaction& transaction) {
    storage::EventDraft event{.type = "pixel_samples.kept",
                              .project = item.project,
                              .item = item.id,
                              .patient = item.patient,
                              .fields = {}};
    event.fields.set("rater_id", access.rater())
        .set("object", object.name)
        .set("object_size", static_cast<std::int64_t>(object.size_bytes))
        .set("sample_count", static_cast<std::int64_t>(samples.samples.labels.size()));
    return transaction.append(std::move(event));
  }));
  return {};
}

Result<PixelModel> train_model(const LabelledSamples& samples, unsigned threads) {
  PixelModel model{.labels = samples.labels,
                   .classifier = CSL_TRY(PixelClassifier::train(samples.samples, {}, threads)),
                   .version = {}};
  Bytes form = model.classifier.serialise();
  put_labels(form, model.labels);
  model.version = to_hex(sha256(form));
  return model;
}

bool allows_models(const Protocol& protocol) {
  const AssistPolicy& policy = protocol.assist_policy;
  if (policy.suggestions == ShowSuggestion::Never) return false;
  return std::ranges::none_of(policy.sources, [](const AssistSource& source) {
    return source.kind == RaterKind::Model && source.show == ShowSuggestion::Never;
  });
}

}  // namespace consilium::service
