// The handlers, one function for each part of the route table: parse, call the service, print.
#pragma once

#include <filesystem>
#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "storage/store.hpp"
#include "transport/api/reply.hpp"

namespace consilium::service {
class Annotations;
class Assignment;
class Exports;
class Imports;
class Items;
class Masks;
class NoteTools;
class Panels;
class Tagging;
class SignalTagging;
class People;
class Projects;
class Review;
class Segmentation;
}  // namespace consilium::service

namespace consilium::api {

class EventHub;
class Policy;
class SchemaSet;

void add_document_handlers(HandlerTable& handlers, const SchemaSet& schemas, const Policy& policy);
void add_sign_in_handlers(HandlerTable& handlers, service::People& people,
                          const service::Projects& projects);
void add_people_handlers(HandlerTable& handlers, service::People& people,
                         const service::Projects& projects);
void add_project_handlers(HandlerTable& handlers, service::Projects& projects,
                          service::People& people, service::Assignment& assignment,
                          const storage::Store& store, const Clock& clock);
void add_item_handlers(HandlerTable& handlers, service::Items& items);
void add_task_handlers(HandlerTable& handlers, service::Assignment& assignment,
                       service::Panels& panels, service::Tagging& tagging,
                       service::SignalTagging& signal_tagging, service::NoteTools& note_tools);
void add_annotation_handlers(HandlerTable& handlers, service::Annotations& annotations);
void add_mask_handlers(HandlerTable& handlers, service::Masks& masks);
void add_segmentation_handlers(HandlerTable& handlers, service::Segmentation& segmentation);
void add_review_handlers(HandlerTable& handlers, service::Review& review);
void add_import_handlers(HandlerTable& handlers, service::Imports& imports);
void add_export_handlers(HandlerTable& handlers, service::Exports& exports);
void add_panel_handlers(HandlerTable& handlers, service::Panels& panels);
// `folder` is the store's, for the verification of the whole log.
void add_audit_handlers(HandlerTable& handlers, const storage::Store& store, const Clock& clock,
                        std::filesystem::path folder);
void add_event_handlers(HandlerTable& handlers, EventHub& hub, service::People& people,
                        const Clock& clock);

}  // namespace consilium::api
