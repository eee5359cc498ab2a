// All that a running installation is made of, built in order and passed in where it is needed. The
// commands that work on a data folder with rights and services (serve, demo, import, export, user,
// token) share it.
#pragma once

#include <filesystem>
#include <memory>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "codec/pool.hpp"
#include "service/annotation/annotations.hpp"
#include "service/annotation/masks.hpp"
#include "service/assignment/assignment.hpp"
#include "service/beat_clusters/beat_clusters.hpp"
#include "service/dicomweb/dicomweb.hpp"
#include "service/intake/dicom_inbox.hpp"
#include "service/intake/imports.hpp"
#include "service/item/items.hpp"
#include "service/job/job_queue.hpp"
#include "service/note_tools/alike.hpp"
#include "service/note_tools/note_tools.hpp"
#include "service/panel/panel.hpp"
#include "service/people/people.hpp"
#include "service/project/projects.hpp"
#include "service/release/exports.hpp"
#include "service/review/review.hpp"
#include "service/segmentation/segmentation.hpp"
#include "service/signal_detectors/signal_detectors.hpp"
#include "service/signal_tagging/signal_tagging.hpp"
#include "service/tagging/tagging.hpp"
#include "service/terminology/concept_answers.hpp"
#include "service/terminology/remote_terminology.hpp"
#include "service/terminology/terminologies.hpp"
#include "storage/store.hpp"

namespace consilium::cli {

struct Installation {
  std::filesystem::path folder;
  std::unique_ptr<Clock> clock;
  std::unique_ptr<Random> random;
  std::unique_ptr<storage::Store> store;
  std::unique_ptr<service::Passwords> passwords;
  std::unique_ptr<service::People> people;
  std::unique_ptr<CodecPool> codec;
  std::unique_ptr<service::Projects> projects;
  std::unique_ptr<service::Terminologies> terminologies;
  std::unique_ptr<service::RemoteTerminology> remote_terminology;  // none until serve names one
  std::unique_ptr<service::ConceptAnswers> concept_answers;
  std::unique_ptr<service::Items> items;
  std::unique_ptr<service::Assignment> assignment;
  std::unique_ptr<service::Annotations> annotations;
  std::unique_ptr<service::Masks> masks;
  std::unique_ptr<service::Segmentation> segmentation;
  std::unique_ptr<service::Panels> panels;
  std::unique_ptr<service::Tagging> tagging;
  std::unique_ptr<service::SignalTagging> signal_tagging;
  std::unique_ptr<service::NoteTools> note_tools;
  std::unique_ptr<service::Alike> alike;
  std::unique_ptr<service::SignalDetectors> signal_detectors;
  std::unique_ptr<service::BeatClusterer> beat_clusterer;
  std::unique_ptr<service::Review> review;
  std::unique_ptr<service::JobQueue> jobs;  // ends first: jobs use what stands above
  std::unique_ptr<service::Imports> imports;
  std::unique_ptr<service::DicomInbox> inbox;
  std::unique_ptr<service::Exports> exports;
  std::unique_ptr<service::DicomWeb> dicomweb;

  [[nodiscard]] service::ImportTools import_tools() const {
    return {*store, codec.get(), *clock, *random};
  }
};

// Opens the folder, or makes it. Errors: those of open_store.
[[nodiscard]] Result<Installation> open_installation(const std::filesystem::path& folder);
// The same for a command that works on the folder and ends: beside a running server it says how the
// same is done there. Errors: those of open_store.
[[nodiscard]] Result<Installation> open_closed(const std::filesystem::path& folder);

// By its id, else by its exact name. Errors: NotFound, with the names that there are.
[[nodiscard]] Result<ProjectId> project_named(const Installation& it, const std::string& wanted);

}  // namespace consilium::cli
