// Answers what one association's process asks (dimse/channel.hpp).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dimse/channel.hpp"
#include "service/intake/dicom_inbox.hpp"
#include "transport/dimse/clerk.hpp"
#include "transport/dimse/query_desk.hpp"

namespace consilium::dimse {

struct KnownPeer {
  Peer settings;
  ProjectId project;
};

// What all desks of a node share.
struct Office {
  std::string ae_title;
  std::vector<KnownPeer> peers;
  service::DicomInbox& inbox;
  Clerk& clerk;
  service::DicomWeb& web;
  QueryDesk::StartSender start_sender;
};

class Desk {
 public:
  Desk(Office& office, std::string peer_address)
      : office_(office), peer_address_(std::move(peer_address)) {}
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;
  // Hands over what came, and leaves the reports that are still due to the clerk.
  ~Desk();

  // Until the channel ends.
  void serve(int channel);

 private:
  [[nodiscard]] Message open(const Message& question);
  [[nodiscard]] Message store(const Message& question);
  [[nodiscard]] Message commit(const Message& question);
  [[nodiscard]] Message report();
  [[nodiscard]] Message answer(const Message& question);

  Office& office_;
  std::string peer_address_;
  const KnownPeer* peer_ = nullptr;
  service::DicomInbox::Batch batch_;
  std::vector<std::shared_ptr<Claim>> claims_;
  std::optional<QueryDesk> queries_;
};

}  // namespace consilium::dimse
