// Terminologies (list, load, remove, search) and FHIR's terminology operations under /fhir.
#pragma once

#include <filesystem>

#include "base/clock.hpp"
#include "transport/api/reply.hpp"

namespace consilium::service {
class ConceptAnswers;
class RemoteTerminology;
class Terminologies;
}  // namespace consilium::service

namespace consilium::api {

// Uploads wait in `upload_folder` while they are read.
void add_terminology_handlers(HandlerTable& handlers, service::Terminologies& terminologies,
                              const service::ConceptAnswers& answers,
                              std::filesystem::path upload_folder);
// What is not loaded is asked of `remote`, which may be null.
void add_fhir_handlers(HandlerTable& handlers, const service::Terminologies& terminologies,
                       const Clock& clock, const service::RemoteTerminology* remote);

}  // namespace consilium::api
