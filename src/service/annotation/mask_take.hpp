// One rater's whole mask taken over as another's.
#pragma once

#include "service/annotation/mask_copy.hpp"

namespace consilium::service {

// As copy_segments, layer by layer as it is: `rater`'s mask on the grid becomes that of `from`.
[[nodiscard]] Result<std::optional<MaskCopy>> copy_mask(storage::Store& store,
                                                        const storage::Reader& reader,
                                                        const storage::ItemRow& item,
                                                        const RaterId& from, const RaterId& rater,
                                                        const std::string& grid_id,
                                                        const MaskPatchId& patch);

}  // namespace consilium::service
