// What the handlers of an association share: the peer's connection and the way to the server.
#pragma once

#include "dimse/channel.hpp"
#include "dimse/status.hpp"

struct T_ASC_Association;
class OFCondition;

namespace consilium::dimse {

struct Link {
  T_ASC_Association* association = nullptr;
  int connection = -1;  // the peer's socket
  int channel = -1;     // the server's
};

// Asks and waits for the answer; false when the server is gone.
[[nodiscard]] bool ask(const Link& link, const Message& question, Message& answer);

}  // namespace consilium::dimse
