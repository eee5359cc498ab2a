// One function for each kind of command of a peer (PS3.7, PS3.4 annexes A, B, C and J). Each reads
// the command's dataset, if it has one, and answers; a bad condition ends the association.
#pragma once

#include "dimse/link.hpp"

struct T_DIMSE_C_EchoRQ;
struct T_DIMSE_C_StoreRQ;
struct T_DIMSE_C_FindRQ;
struct T_DIMSE_C_GetRQ;
struct T_DIMSE_C_MoveRQ;
struct T_DIMSE_N_ActionRQ;

namespace consilium::dimse {

[[nodiscard]] OFCondition handle_store(const Link& link, unsigned char context,
                                       T_DIMSE_C_StoreRQ& request);
[[nodiscard]] OFCondition handle_find(const Link& link, unsigned char context,
                                      T_DIMSE_C_FindRQ& request);
[[nodiscard]] OFCondition handle_get(const Link& link, unsigned char context,
                                     T_DIMSE_C_GetRQ& request);
[[nodiscard]] OFCondition handle_move(const Link& link, unsigned char context,
                                      T_DIMSE_C_MoveRQ& request);
// Storage commitment (PS3.4 J): the request is accepted at once, the report follows when the server
// has it. `waits` is set when one is due.
[[nodiscard]] OFCondition handle_action(const Link& link, unsigned char context,
                                        T_DIMSE_N_ActionRQ& request, bool& waits);
// Sends N-EVENT-REPORT with a report's words (channel.hpp); the peer's answer is for the caller.
[[nodiscard]] OFCondition send_report(const Link& link, unsigned char context,
                                      const std::vector<std::string>& words);
// Sends one stored object and waits for the peer's status. `dicom_status` is that status.
[[nodiscard]] OFCondition send_object(const Link& link, const Message& object,
                                      std::uint16_t& dicom_status);

}  // namespace consilium::dimse
