// The panel's posteriors of a project, to be looked up by what was said. Used inside this module.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "service/panel/project_votes.hpp"
#include "service/review/differences.hpp"

namespace consilium::service {

class Posteriors {
 public:
  // Errors: those of gather_votes. Cost: one pass over the project's submitted annotations and the
  // consensus of each unit.
  [[nodiscard]] static Result<std::shared_ptr<const Posteriors>> of_project(
      const storage::Reader& reader, ProtocolCache& protocols, const ProjectId& project);

  // Gives the choices of a difference the posteriors of their classes, where all that was said in
  // it stands in one row of one voting unit; choices of one class (the same label with other
  // attributes) part its posterior as they part its votes. Else the shares stay.
  void apply(Difference& difference) const;

  // The item's most doubtful row; none when nothing of it is voted on.
  struct Doubt {
    double entropy_bits = 0;
    double top_least = 1;  // the least probability of a most probable class
  };
  [[nodiscard]] std::optional<Doubt> doubt_of(const ItemId& item) const;

 private:
  using Row = std::map<std::string, double, std::less<>>;  // class -> probability
  std::vector<Row> rows_;
  std::map<std::pair<AnnotationId, std::string>, std::size_t> row_of_;  // by annotation and unit
  std::map<ItemId, Doubt> doubts_;
};

}  // namespace consilium::service
