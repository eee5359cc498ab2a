// Whether a de-identified file still tells whose it is: a second reader of source and result, which
// shares no code with the de-identifier but base. It knows what it seeks from the source's bytes,
// and looks for it in the result's bytes and name, whatever they are.
//
// Sought, without regard to case, in UTF-8, Latin-1, ISO 2022, UTF-16 and as the source had it:
// each part of persons' names from four characters on, identifying numbers, addresses and dates of
// the source, its UIDs, and what `expect` was told. A find counts where no letter or digit stands
// on either side; of six bytes or more also inside pixel data. Held too: the result reads from end
// to end, says that it is de-identified, has no private block that was not allowed, no overlay,
// nothing in its preamble; dates moved by one offset a patient; surrogates of patients and
// instances stand one to one for what they replace.
//
// With n sought and none found, the rate of leaks is below 3/n with 95 % confidence (the rule of
// three; J. A. Hanley, A. Lippman-Hand, JAMA 249 (1983) 1743-1745).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace consilium {

struct DicomScan;

// What the result may still hold.
struct LeakPolicy {
  enum class Dates : std::uint8_t { Removed, Moved, YearsOnly, Kept };
  Dates dates = Dates::Removed;
  bool keeps_uids = false;
  bool keeps_institution = false;
  bool keeps_device = false;
  bool keeps_clean_comments = false;  // comments of recordings, as far as they name nobody
  std::set<std::string> private_creators = {};
};

struct Leak {
  std::string what;   // "a person's name", "an identifying number", ...; never the value itself
  std::string where;  // "byte 1042 as UTF-8", "(0008,0020)"
};

class LeakChecker {
 public:
  explicit LeakChecker(LeakPolicy policy) : policy_(std::move(policy)) {}

  // Something that no result may hold, in UTF-8; ignored below four bytes.
  void expect(std::string_view utf8);
  // One result against its source; `name` is the path that it gets. Empty when nothing was found.
  // What a file showed of patients and instances is kept for the files after it.
  // Cost: one pass over the result at about 500 MB/s.
  [[nodiscard]] std::vector<Leak> check(ByteView source, ByteView result, std::string_view name);

  [[nodiscard]] std::uint64_t sought_count() const { return sought_; }
  // "0 of 1,204 found: fewer than 1 in 401 with 95 % confidence"
  [[nodiscard]] std::string bound() const;

 private:
  void check_pair(std::map<std::string, std::string>& forth,
                  std::map<std::string, std::string>& back, const std::string& source,
                  const std::string& result, const char* what, std::vector<Leak>& leaks) const;
  void check_dicom(const DicomScan& source, const DicomScan& result, std::vector<Leak>& leaks);

  LeakPolicy policy_;
  std::vector<std::string> expected_;
  std::uint64_t sought_ = 0;
  std::map<std::string, std::string> patient_of_;
  std::map<std::string, std::string> source_patient_of_;
  std::map<std::string, std::string> instance_of_;
  std::map<std::string, std::string> source_instance_of_;
  std::map<std::string, std::int64_t> offset_of_;  // days, by the source's patient
};

}  // namespace consilium
