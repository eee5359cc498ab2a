// A patient's id where a project's is due.
#include "domain/identity/ids.hpp"

consilium::ProjectId project(consilium::ProjectId id) { return id; }

void use() {
#ifdef CORRECT
  project(consilium::ProjectId{});
#else
  project(consilium::PatientId{});
#endif
}
