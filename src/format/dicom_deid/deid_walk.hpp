// The walk over a dataset's attributes behind deidentify().
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "format/dicom_deid/deidentify.hpp"

namespace consilium::detail {

class DeidWalk {
 public:
  DeidWalk(const DeidProfile& profile, const DeidKey& key, const KnownIdentifiers& known,
           const DeidRules& rules, std::string sop_class_uid, std::int64_t shift_days)
      : profile_(profile),
        key_(key),
        known_(known),
        rules_(rules),
        sop_class_uid_(std::move(sop_class_uid)),
        shift_days_(shift_days) {}

  // `parent` is the sequence around the item, a zero tag at the top.
  [[nodiscard]] DicomDataset dataset(const DicomDataset& from, DicomTag parent,
                                     const std::string& place);
  [[nodiscard]] std::vector<DeidStep> take_steps() { return std::move(steps_); }

 private:
  struct Choice {
    DeidAction action = DeidAction::Remove;
    std::string rule;
  };
  // Where an attribute stands.
  struct At {
    const DicomDataset& from;
    const DicomElement& element;
    DicomTag parent;
    std::string place;
  };

  [[nodiscard]] Choice choose(const At& at) const;
  [[nodiscard]] Choice choose_listed(const At& at, const DeidRow& row) const;
  [[nodiscard]] Choice choose_unlisted(const At& at) const;
  [[nodiscard]] Choice choose_private(const At& at) const;
  void apply(const At& at, Choice choice, DicomDataset& to);
  void keep(const At& at, Choice choice, DicomDataset& to);
  void clean(const At& at, Choice choice, DicomDataset& to);
  void clean_date(const At& at, Choice choice, DicomDataset& to);
  void clean_text(const At& at, DicomDataset& to);
  void keep_text(const At& at, Choice choice, DicomDataset& to);
  void map_uids(const At& at, Choice choice, DicomDataset& to);
  void put_dummy_of(const At& at, DicomDataset& to);
  void put_items(const At& at, const Choice& choice, DicomDataset& to);
  [[nodiscard]] DicomDataset dummy_item(const DicomDataset& from);
  [[nodiscard]] std::string mapped_uid(std::string_view uid) const;
  [[nodiscard]] std::string moved_date(std::string_view value) const;
  void fall_back(const At& at, Choice choice, DicomDataset& to);
  void note(const At& at, const Choice& choice);

  const DeidProfile& profile_;
  const DeidKey& key_;
  const KnownIdentifiers& known_;
  const DeidRules& rules_;
  std::string sop_class_uid_;
  std::int64_t shift_days_;
  bool is_cleaning_ = false;  // inside a sequence that an option cleans
  std::vector<DeidStep> steps_;
};

}  // namespace consilium::detail
