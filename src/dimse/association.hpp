// An association from its request to its end, as acceptor and as requestor.
#pragma once

#include "dimse/process.hpp"

struct T_ASC_Network;

namespace consilium::dimse {

// Negotiates with the peer on `connection`, then handles its commands until it releases or breaks
// the association.
void serve_association(T_ASC_Network* network, int channel, int connection, bool is_secure);

// Connects as the server's `Begin` says, sends what `Next` gives, releases.
void send_to_peer(T_ASC_Network* network, int channel, bool is_secure);

}  // namespace consilium::dimse
