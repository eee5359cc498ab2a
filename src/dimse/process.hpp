// The DICOM network's side as processes of their own: `consilium dimse --fd N`. Each speaks with
// one peer over one connection and asks the server for everything else through its socket
// (channel.hpp). It parses what strangers send, so it may neither open files nor start processes;
// only one that was started to send may make a connection.
#pragma once

#include <string>

namespace consilium::dimse {

struct ProcessOptions {
  int descriptor = -1;
  bool sends = false;  // connects to a peer, instead of serving one that connected
  // TLS (DICOM PS3.15 B.12): PEM files, read before the process is confined; empty: none.
  std::string certificate;
  std::string key;
  std::string peer_certificates;  // whose certificates are trusted; peers must then show theirs
};

// Exit code: 0 at the end of the association, 3 when the process could not be set up.
[[nodiscard]] int run_process(const ProcessOptions& options);

}  // namespace consilium::dimse
