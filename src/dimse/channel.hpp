// What the DICOM processes and the server say to each other: messages over a stream socket of our
// own two processes on one machine. The side that is asked answers each message with one `Reply`,
// unless its line below says otherwise.
//
// A helper speaks first. In an association that a peer opened:
//   Ready                                        it is confined; answered by the peer's connection
//   Open      calling AE, called AE              Reply: status one of Admission
//   Store     class UID, instance UID, syntax UID; body: the dataset as it came
//                                                Reply: DICOM status; words: error comment
//   Find      model UID, syntax UID; body: identifier
//                                                Pending for each match, body: identifier in
//                                                explicit little endian; then Reply
//   Retrieve  model UID, syntax UID; body: identifier
//                                                Pending for each instance: class, instance, syntax
//                                                UID; then Reply
//   Fetch     instance UID, syntax UID           Reply: words: class, instance, syntax UID; body:
//                                                the dataset in that syntax, else as stored
//   Move      model UID, syntax UID, destination AE; body: identifier
//                                                Pending: words: remaining, completed, failed,
//                                                warning (decimal); Reply with the last four words
//   Commit    transaction UID, then class and instance UID of each object
//                                                Reply: status
//   Reports   (none)                             Reply: words: [transaction UID, count of good
//   ones,
//                                                good pairs..., failed pairs each with a reason
//                                                (decimal)], or no words while none is ready
// A helper that sends to a peer:
//   Ready                                        answered by Begin: words: our AE, the peer's AE,
//                                                address:port, then class UID and syntax UID of
//                                                each presentation context
//   Next      DICOM status of the object before  Reply: words as Fetch's and the body; no words:
//   end Next      for a report instead: Reply with the words of Reports
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.hpp"

namespace consilium::dimse {

enum class Op : std::uint32_t {
  Ready = 1,
  Open,
  Store,
  Find,
  Retrieve,
  Fetch,
  Move,
  Commit,
  Reports,
  Next,
  Begin,
  Pending,
  Reply,
  Connection,
};

enum class Admission : std::uint32_t { Welcome, UnknownCaller, UnknownCalled, Busy };

struct Message {
  Op op = Op::Reply;
  std::uint32_t status = 0;
  std::vector<std::string> words;
  Bytes body;
};

// False on any failure, after which the channel is of no more use. `descriptor` goes along if it is
// not negative.
[[nodiscard]] bool send(int socket, const Message& message, int descriptor = -1);
// Bodies up to 4 GiB, words up to 64 MiB together. A descriptor that came along goes to
// `descriptor`; without a place for it, it is closed.
[[nodiscard]] bool receive(int socket, Message& message, int* descriptor = nullptr);

}  // namespace consilium::dimse
