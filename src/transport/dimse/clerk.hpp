// Checks what peers ask to be committed, one request after the other on one thread, and sees to it
// that each gets its report: on its association while that lasts, else on a new one.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "service/intake/dicom_inbox.hpp"
#include "transport/dimse/node_settings.hpp"

namespace consilium::dimse {

// A request under way. Its association asks for the report until it ends.
class Claim {
 public:
  // The report's words (dimse/channel.hpp), once; none while it is not ready or was taken.
  [[nodiscard]] std::vector<std::string> take();
  // The association is over. Gives the report that it did not take.
  [[nodiscard]] std::vector<std::string> abandon();
  // Keeps the report for the association; false when that is over.
  [[nodiscard]] bool settle(const std::vector<std::string>& words);

 private:
  std::mutex mutex_;
  std::vector<std::string> words_;
  bool is_abandoned_ = false;
};

class Clerk {
 public:
  using Report = std::function<void(const Peer& peer, const std::vector<std::string>& words)>;
  // `report` makes the new association; called on the clerk's thread.
  Clerk(service::DicomInbox& inbox, Report report);
  Clerk(const Clerk&) = delete;
  Clerk& operator=(const Clerk&) = delete;
  // Reports that are still due are dropped: their peers ask again, as PS3.4 J expects.
  ~Clerk();

  // `references`: transaction UID, then class and instance UID of each object.
  [[nodiscard]] std::shared_ptr<Claim> check(const Peer& peer, std::vector<std::string> references);
  void report_later(const Peer& peer, std::vector<std::string> words);

 private:
  struct Work {
    Peer peer;
    std::vector<std::string> words;  // references, or the report where there is no claim
    std::shared_ptr<Claim> claim;
  };
  void add(Work work);
  void run(const std::stop_token& stop);
  void settle(const Work& work, const std::stop_token& stop);

  service::DicomInbox& inbox_;
  Report report_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Work> waiting_;
  std::jthread thread_;
};

}  // namespace consilium::dimse
