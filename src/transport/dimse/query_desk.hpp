// Answers an association's C-FIND, C-GET and C-MOVE (dimse/channel.hpp): questions with more than
// one answer.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/child_process.hpp"
#include "dimse/channel.hpp"
#include "transport/dimse/directory.hpp"
#include "transport/dimse/node_settings.hpp"

namespace consilium::dimse {

class QueryDesk {
 public:
  using StartSender = std::function<Result<ChildProcess>()>;
  // The peer to which a C-MOVE sends; none: unknown, or it does not say where it listens.
  using FindPeer = std::function<std::optional<Peer>(const std::string& ae_title)>;

  QueryDesk(Directory directory, const Peer& peer, std::string our_ae_title,
            StartSender start_sender, FindPeer find_peer)
      : directory_(std::move(directory)),
        peer_(peer),
        our_ae_title_(std::move(our_ae_title)),
        start_sender_(std::move(start_sender)),
        find_peer_(std::move(find_peer)) {}

  // Whether it was one of these questions; all of its answers are then sent. `is_broken` is set
  // when the channel is.
  [[nodiscard]] bool answer(int channel, const Message& question, bool& is_broken);

 private:
  struct Counts {
    std::size_t remaining = 0;
    std::size_t completed = 0;
    std::size_t failed = 0;
    std::size_t warning = 0;
  };
  [[nodiscard]] bool find(int channel, const Message& question) const;
  [[nodiscard]] bool retrieve(int channel, const Message& question);
  [[nodiscard]] bool fetch(int channel, const Message& question);
  [[nodiscard]] bool move(int channel, const Message& question) const;
  [[nodiscard]] bool send_to(const Peer& destination, std::span<const FoundInstance> instances,
                             Counts& counts, const std::function<bool(const Counts&)>& tell) const;

  Directory directory_;
  Peer peer_;
  std::string our_ae_title_;
  StartSender start_sender_;
  FindPeer find_peer_;
  std::map<std::string, FoundInstance> found_;  // of the last retrieval, by instance UID
};

}  // namespace consilium::dimse
