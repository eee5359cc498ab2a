#include "analysis/synthetic/ecg_source.hpp"

namespace consilium::synthetic {
namespace {

class EcgSource final : public SampleSource {
 public:
  explicit EcgSource(EcgModel model) : model_(std::move(model)) {}
  [[nodiscard]] const RecordHeader& header() const override { return model_.header(); }
  [[nodiscard]] Status read(std::size_t channel, SampleIndex first,
                            std::span<std::int32_t> out) const override {
    CSL_TRY(check_range(channel, first, out.size()));
    model_.render(channel, first.value, out);
    return {};
  }

 private:
  EcgModel model_;
};

}  // namespace

std::unique_ptr<SampleSource> ecg_source(EcgModel model) {
  return std::make_unique<EcgSource>(std::move(model));
}

}  // namespace consilium::synthetic
