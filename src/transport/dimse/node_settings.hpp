// Who may connect as a DICOM peer, and what each may do: one YAML file that the machine's operator
// writes.
//
//   ae_title: CONSILIUM          # ours; peers must call it
//   listen: 127.0.0.1:11112      # other addresses only over TLS, or with plain_text: true
//   plain_text: false            # true: this network is trusted without TLS
//   certificate: node.pem        # with key: TLS; peer_certificates: whom to trust
//   key: node.key
//   peer_certificates: peers.pem
//   peers:
//     - ae_title: CT1
//       address: 10.0.0.7        # optional: it may only come from here
//       port: 104                # where it listens, for C-MOVE and commitment reports
//       project: Chest CT        # where its images go, and what it may ask for
//       may: [store, commit, find, get, move]
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace consilium::dimse {

struct Peer {
  std::string ae_title;
  std::string address;
  std::uint16_t port = 0;
  std::string project;  // id or name
  bool may_store = false;
  bool may_commit = false;
  bool may_find = false;
  bool may_get = false;
  bool may_move = false;
};

struct NodeSettings {
  std::string ae_title = "CONSILIUM";
  std::string address = "127.0.0.1";
  std::uint16_t port = 11112;
  bool allows_plain_text = false;
  std::filesystem::path certificate;
  std::filesystem::path key;
  std::filesystem::path peer_certificates;
  std::vector<Peer> peers;
};

// Paths in it are relative to the file. Errors: NotFound, InvalidInput with the line: unknown
// members, AE titles longer than 16 characters (PS3.5 6.2), two peers of one title, none at all, an
// address beyond this machine without TLS.
[[nodiscard]] Result<NodeSettings> read_node_settings(const std::filesystem::path& file);

}  // namespace consilium::dimse
