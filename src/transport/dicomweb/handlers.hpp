// The handlers of /dicomweb (transport/api/routes_dicomweb.cpp): parse, call the service, print.
#pragma once

#include "base/random.hpp"
#include "transport/api/reply.hpp"

namespace consilium::service {
class DicomWeb;
}

namespace consilium::dicomweb {

// Both bases: /dicomweb and /dicomweb/projects/{project_id}.
void add_dicomweb_handlers(api::HandlerTable& handlers, service::DicomWeb& dicomweb,
                           Random& random);

}  // namespace consilium::dicomweb
