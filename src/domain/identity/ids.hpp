// The kinds of id. Each is a UUIDv7 made by whoever makes the thing (base/id.hpp).
#pragma once

#include "base/id.hpp"

namespace consilium {

using PersonId = Id<struct PersonTag>;  // somebody with an account
using RaterId =
    Id<struct RaterTag>;  // everyone with an opinion: a person's rater, a model, a rule, an import
using SignInId = Id<struct SignInTag>;  // one sign-in of a person, or the use of an API token
using TokenId = Id<struct TokenTag>;    // an API token
using ProjectId = Id<struct ProjectTag>;
using PatientId = Id<struct PatientTag>;  // pseudonymous; the identity is in the vault
using StudyId = Id<struct StudyTag>;
using SeriesId = Id<struct SeriesTag>;
using InstanceId = Id<struct InstanceTag>;
using NoteId = Id<struct NoteTag>;
using RecordingId = Id<struct RecordingTag>;
using ItemId = Id<struct ItemTag>;
using TaskId = Id<struct TaskTag>;
using AnnotationId = Id<struct AnnotationTag>;
using MaskPatchId = Id<struct MaskPatchTag>;
using ImportId = Id<struct ImportTag>;
using ExportId = Id<struct ExportTag>;
using QuestionId = Id<struct QuestionTag>;  // a question to the project's lead

}  // namespace consilium
