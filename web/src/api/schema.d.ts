// Made by `npm run api` from `consilium openapi`: not edited.
export interface paths {
    "/api/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What happened, as sentences, newest first */
        get: operations["list_audit_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/heads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Signed heads of the log, newest first */
        get: operations["list_audit_heads"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Check the chain, the tree and the signatures */
        post: operations["verify_audit"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What changes, as it happens; Last-Event-ID is honoured */
        get: operations["stream_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell that the server is up, and which version it is */
        get: operations["get_health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/links/{token}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell what a one-time link is for, without using it up */
        get: operations["get_link"];
        put?: never;
        /** Use a one-time link: signs in, and sets the password where the link is for that */
        post: operations["use_link"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is signed in, with roles and the CSRF token */
        get: operations["get_me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Change my password; ends my other sign-ins */
        put: operations["change_my_password"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/sign_ins": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** My sign-ins that still hold */
        get: operations["list_my_sign_ins"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/sign_ins/{sign_in_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** End one of my sign-ins */
        delete: operations["revoke_my_sign_in"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** My API tokens */
        get: operations["list_my_tokens"];
        put?: never;
        /** Make an API token; its secret is told once */
        post: operations["create_my_token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/tokens/{token_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revoke one of my API tokens */
        delete: operations["revoke_my_token"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document */
        get: operations["get_openapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/people": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** People with an account; a lead sees those of the lead's projects */
        get: operations["list_people"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/people/{person_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Invite a person, or change name and roles */
        put: operations["put_person"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/people/{person_id}/disable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Disable an account and end its sign-ins and tokens */
        post: operations["disable_person"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/people/{person_id}/enable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Enable a disabled account */
        post: operations["enable_person"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/people/{person_id}/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make a one-time link to set a new password */
        post: operations["reset_person"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Projects that I may see */
        get: operations["list_projects"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One project */
        get: operations["get_project"];
        /** Create a project, or change it */
        put: operations["put_project"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/concepts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Concepts that may answer, found as one types */
        get: operations["search_concepts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/exports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Exports of the project, newest first */
        get: operations["list_exports"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/exports/{export_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How far an export is */
        get: operations["get_export"];
        /** Begin an export */
        put: operations["put_export"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/exports/{export_id}/file": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The finished export */
        get: operations["get_export_file"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/imports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Imports of the project, newest first */
        get: operations["list_imports"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/imports/{import_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How far an import is, and what was refused */
        get: operations["get_import"];
        /** Open an import */
        put: operations["put_import"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/imports/{import_id}/files/{file_number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Send one file of the import, of any size */
        put: operations["put_import_file"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/imports/{import_id}/finish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** All files are sent: begin */
        post: operations["finish_import"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/imports/{import_id}/waiting/{file_number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Discard an object that is kept waiting */
        delete: operations["discard_waiting_object"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/imports/{import_id}/waiting/{file_number}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Try an object that is kept waiting again, by an import of its own */
        post: operations["try_waiting_object"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/items": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The worklist: filtered, sorted, counted */
        get: operations["list_items"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/items/{item_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One item with its source and the patient's related items */
        get: operations["get_item"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/items/{item_id}/adjudication": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Settle the item: decisions become my labels in one durable commit */
        put: operations["put_adjudication"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/items/{item_id}/adjudication/draft": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Begin to draw the adjudication, from a copy that becomes my draft */
        put: operations["put_adjudication_draft"];
        post?: never;
        /** Discard the draft; the item is as it was before */
        delete: operations["delete_adjudication_draft"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/items/{item_id}/adjudication/draft/submit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Settle the item with what my draft holds */
        post: operations["submit_adjudication_draft"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/items/{item_id}/alike": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Places of the note that read as what I marked in others */
        get: operations["list_alike"];
        put?: never;
        /** Offer me the words of this label of mine wherever they occur in the project */
        post: operations["mark_alike"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/items/{item_id}/alike/{annotation_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Do not offer them any more */
        delete: operations["unmark_alike"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/items/{item_id}/annotations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Annotations of the item */
        get: operations["list_annotations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/items/{item_id}/annotations/{annotation_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One annotation */
        get: operations["get_annotation"];
        /** Make an annotation, or a new revision of it */
        put: operations["put_annotation"];
        post?: never;
        /** Retract an annotation */
        delete: operations["delete_annotation"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/items/{item_id}/annotations/{annotation_id}/revisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All revisions of an annotation, oldest first */
        get: operations["list_annotation_revisions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/items/{item_id}/annotations/bulk": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Up to 1,000 puts and deletes in one durable commit, each answered on its own */
        post: operations["bulk_annotations"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/items/{item_id}/masks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Mask documents of the item: grid, segments, brick hashes */
        get: operations["list_masks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/items/{item_id}/masks/{grid_id}/bricks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Raw bricks of a mask as records */
        get: operations["get_bricks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/items/{item_id}/masks/{grid_id}/operations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What an operation would make of my mask: records of the bricks that change; nothing is stored */
        post: operations["run_mask_operation"];
        /** Stop my running operation after its present step; its request is answered 409 */
        delete: operations["cancel_mask_operation"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/items/{item_id}/masks/{grid_id}/patches/{patch_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Change bricks of my mask; bricks that others changed meanwhile conflict */
        put: operations["put_mask_patch"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/items/{item_id}/masks/{grid_id}/surface": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A segment's surface: u32 vertices and triangles, then float32 vertices in mm, float32 normals, u32 triangles */
        get: operations["get_mask_surface"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/items/{item_id}/notes/{note_id}/text": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The canonical text of a note */
        get: operations["get_note_text"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/items/{item_id}/opinions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the readers of the item said, and in what they differ */
        get: operations["get_opinions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/items/{item_id}/questions/{question_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Ask the lead about an item */
        put: operations["put_question"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/items/{item_id}/questions/{question_id}/answer": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Answer a question */
        put: operations["put_answer"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/items/{item_id}/recordings/{recording_id}/beat-clusters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Beats put into clusters of a look; nothing is stored */
        post: operations["cluster_beats"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/items/{item_id}/recordings/{recording_id}/overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The whole recording at a glance */
        get: operations["get_signal_overview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/items/{item_id}/recordings/{recording_id}/window": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A stretch of a recording: samples, or minimum and maximum a pixel */
        get: operations["get_signal_window"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/items/{item_id}/series/{series_id}/frames": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Ready frames of a volume, back to back, little endian */
        get: operations["get_frames"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/items/{item_id}/series/{series_id}/images/{index}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The ready frame of one image of a series that is no volume */
        get: operations["get_image"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/items/{item_id}/suggestions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Which tools have labelled the item, as far as the protocol shows it now */
        get: operations["list_suggestions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/items/{item_id}/suggestions/{rater_id}/labels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A tool's labels one by one, each with the id it has when I take it over */
        get: operations["list_suggested_labels"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/items/{item_id}/suggestions/{rater_id}/take": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A tool's labels and masks as my own drafts, to go on from */
        post: operations["take_suggestion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/items/{item_id}/task": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Lease this item */
        post: operations["take_task"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/items/{item_id}/thumbnail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A small picture of the item, 128 pixels high */
        get: operations["get_thumbnail"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/items/{item_id}/volumes/{grid_id}/histogram": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Histogram of a volume's values with the thresholds that it suggests */
        get: operations["get_volume_histogram"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Members of the project and their roles */
        get: operations["list_members"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/members/{person_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Give a person roles in the project */
        put: operations["put_member"];
        post?: never;
        /** Take a person out of the project */
        delete: operations["delete_member"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/note-tools": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Term lists, rule files and ConText that label the project's notes */
        get: operations["list_note_tools"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/note-tools/{tool_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One of them, with its file */
        get: operations["get_note_tool"];
        /** Make or change one; notes that nobody has begun are labelled anew */
        put: operations["put_note_tool"];
        post?: never;
        /** Take its suggestions back and forget it */
        delete: operations["remove_note_tool"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/panel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How raters agree, who is how reliable, what is doubtful and what is left to do */
        get: operations["get_panel"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/panel/votes.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Votes of one unit, or what was adjudicated, as consilium agree and panel read them */
        get: operations["get_panel_votes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/protocol": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The labelling protocol in force */
        get: operations["get_protocol"];
        /** Put a new version of the labelling protocol in force */
        put: operations["put_protocol"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/protocol/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Versions of the protocol, newest first */
        get: operations["list_protocol_versions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/questions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Questions to the lead; a rater gets only the own ones */
        get: operations["list_questions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/review": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Items that the protocol wants adjudicated, most doubtful first */
        get: operations["list_review"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/signal-detectors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Detectors that label the project's recordings before people read them */
        get: operations["list_signal_detectors"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/signal-detectors/{detector}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Turn one on or off; recordings that nobody has begun are labelled anew */
        put: operations["put_signal_detector"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/statistics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Items, raters, pace; a rater gets only the own row */
        get: operations["get_statistics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/tasks/{task_id}/heartbeat": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Keep the lease */
        post: operations["heartbeat_task"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/tasks/{task_id}/release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give the item back, keeping the drafts */
        post: operations["release_task"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/tasks/{task_id}/reopen": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Open a submitted or skipped item again for a reason */
        post: operations["reopen_task"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/tasks/{task_id}/skip": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Skip the item for a reason */
        post: operations["skip_task"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/tasks/{task_id}/submit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Hand in the work on the item */
        post: operations["submit_task"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/tasks/assign": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Hand items to people */
        post: operations["assign_tasks"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project_id}/tasks/next": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Lease my next item; 204 when there is none */
        post: operations["take_next_task"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sign_in": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign in by name and password; sets the session cookie */
        post: operations["sign_in"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sign_out": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End this sign-in */
        post: operations["sign_out"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/terminologies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Terminologies and value sets that are loaded */
        get: operations["list_terminologies"];
        put?: never;
        /** Load a terminology from a file or a .tar of files, in place of the same system and version */
        post: operations["load_terminology"];
        /** Remove one; answers that name its codes stay as they are */
        delete: operations["remove_terminology"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/instances": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** QIDO-RS: instances of all studies */
        get: operations["dicomweb_search_instances"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/projects/{project_id}/instances": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** QIDO-RS: instances of all studies */
        get: operations["dicomweb_project_search_instances"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/projects/{project_id}/series": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** QIDO-RS: series of all studies */
        get: operations["dicomweb_project_search_series"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/projects/{project_id}/studies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** QIDO-RS: studies */
        get: operations["dicomweb_project_search_studies"];
        put?: never;
        /** STOW-RS: objects into a project */
        post: operations["dicomweb_project_store"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/projects/{project_id}/studies/{study_uid}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** WADO-RS: all objects of a study */
        get: operations["dicomweb_project_get_study"];
        put?: never;
        /** STOW-RS: objects of one study */
        post: operations["dicomweb_project_store_in_study"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/projects/{project_id}/studies/{study_uid}/instances": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** QIDO-RS: instances of a study */
        get: operations["dicomweb_project_search_study_instances"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/projects/{project_id}/studies/{study_uid}/metadata": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** WADO-RS: metadata of a study */
        get: operations["dicomweb_project_get_study_metadata"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/projects/{project_id}/studies/{study_uid}/rendered": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** WADO-RS: a study's middle image as a picture */
        get: operations["dicomweb_project_get_study_rendered"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/projects/{project_id}/studies/{study_uid}/series": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** QIDO-RS: series of a study */
        get: operations["dicomweb_project_search_study_series"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/projects/{project_id}/studies/{study_uid}/series/{series_uid}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** WADO-RS: all objects of a series */
        get: operations["dicomweb_project_get_series"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/projects/{project_id}/studies/{study_uid}/series/{series_uid}/instances": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** QIDO-RS: instances of a series */
        get: operations["dicomweb_project_search_series_instances"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/projects/{project_id}/studies/{study_uid}/series/{series_uid}/instances/{sop_uid}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** WADO-RS: an object */
        get: operations["dicomweb_project_get_instance"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/projects/{project_id}/studies/{study_uid}/series/{series_uid}/instances/{sop_uid}/bulkdata/{place}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** WADO-RS: a binary value, by its address in the metadata */
        get: operations["dicomweb_project_get_bulkdata"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/projects/{project_id}/studies/{study_uid}/series/{series_uid}/instances/{sop_uid}/frames/{frame}/rendered": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** WADO-RS: a frame as a picture */
        get: operations["dicomweb_project_get_frame_rendered"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/projects/{project_id}/studies/{study_uid}/series/{series_uid}/instances/{sop_uid}/frames/{frame}/thumbnail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** WADO-RS: a frame, small */
        get: operations["dicomweb_project_get_frame_thumbnail"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/projects/{project_id}/studies/{study_uid}/series/{series_uid}/instances/{sop_uid}/frames/{frames}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** WADO-RS: frames by their numbers, parted by commas */
        get: operations["dicomweb_project_get_frames"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/projects/{project_id}/studies/{study_uid}/series/{series_uid}/instances/{sop_uid}/metadata": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** WADO-RS: metadata of an object */
        get: operations["dicomweb_project_get_instance_metadata"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/projects/{project_id}/studies/{study_uid}/series/{series_uid}/instances/{sop_uid}/rendered": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** WADO-RS: an image as a picture */
        get: operations["dicomweb_project_get_instance_rendered"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/projects/{project_id}/studies/{study_uid}/series/{series_uid}/instances/{sop_uid}/thumbnail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** WADO-RS: an image, small */
        get: operations["dicomweb_project_get_instance_thumbnail"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/projects/{project_id}/studies/{study_uid}/series/{series_uid}/metadata": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** WADO-RS: metadata of a series */
        get: operations["dicomweb_project_get_series_metadata"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/projects/{project_id}/studies/{study_uid}/series/{series_uid}/rendered": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** WADO-RS: a series' middle image as a picture */
        get: operations["dicomweb_project_get_series_rendered"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/projects/{project_id}/studies/{study_uid}/series/{series_uid}/thumbnail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** WADO-RS: a series' middle image, small */
        get: operations["dicomweb_project_get_series_thumbnail"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/projects/{project_id}/studies/{study_uid}/thumbnail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** WADO-RS: a study's middle image, small */
        get: operations["dicomweb_project_get_study_thumbnail"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/series": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** QIDO-RS: series of all studies */
        get: operations["dicomweb_search_series"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/studies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** QIDO-RS: studies */
        get: operations["dicomweb_search_studies"];
        put?: never;
        /** STOW-RS: objects into a project */
        post: operations["dicomweb_store"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/studies/{study_uid}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** WADO-RS: all objects of a study */
        get: operations["dicomweb_get_study"];
        put?: never;
        /** STOW-RS: objects of one study */
        post: operations["dicomweb_store_in_study"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/studies/{study_uid}/instances": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** QIDO-RS: instances of a study */
        get: operations["dicomweb_search_study_instances"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/studies/{study_uid}/metadata": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** WADO-RS: metadata of a study */
        get: operations["dicomweb_get_study_metadata"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/studies/{study_uid}/rendered": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** WADO-RS: a study's middle image as a picture */
        get: operations["dicomweb_get_study_rendered"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/studies/{study_uid}/series": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** QIDO-RS: series of a study */
        get: operations["dicomweb_search_study_series"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/studies/{study_uid}/series/{series_uid}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** WADO-RS: all objects of a series */
        get: operations["dicomweb_get_series"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/studies/{study_uid}/series/{series_uid}/instances": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** QIDO-RS: instances of a series */
        get: operations["dicomweb_search_series_instances"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/studies/{study_uid}/series/{series_uid}/instances/{sop_uid}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** WADO-RS: an object */
        get: operations["dicomweb_get_instance"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/studies/{study_uid}/series/{series_uid}/instances/{sop_uid}/bulkdata/{place}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** WADO-RS: a binary value, by its address in the metadata */
        get: operations["dicomweb_get_bulkdata"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/studies/{study_uid}/series/{series_uid}/instances/{sop_uid}/frames/{frame}/rendered": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** WADO-RS: a frame as a picture */
        get: operations["dicomweb_get_frame_rendered"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/studies/{study_uid}/series/{series_uid}/instances/{sop_uid}/frames/{frame}/thumbnail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** WADO-RS: a frame, small */
        get: operations["dicomweb_get_frame_thumbnail"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/studies/{study_uid}/series/{series_uid}/instances/{sop_uid}/frames/{frames}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** WADO-RS: frames by their numbers, parted by commas */
        get: operations["dicomweb_get_frames"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/studies/{study_uid}/series/{series_uid}/instances/{sop_uid}/metadata": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** WADO-RS: metadata of an object */
        get: operations["dicomweb_get_instance_metadata"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/studies/{study_uid}/series/{series_uid}/instances/{sop_uid}/rendered": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** WADO-RS: an image as a picture */
        get: operations["dicomweb_get_instance_rendered"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/studies/{study_uid}/series/{series_uid}/instances/{sop_uid}/thumbnail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** WADO-RS: an image, small */
        get: operations["dicomweb_get_instance_thumbnail"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/studies/{study_uid}/series/{series_uid}/metadata": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** WADO-RS: metadata of a series */
        get: operations["dicomweb_get_series_metadata"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/studies/{study_uid}/series/{series_uid}/rendered": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** WADO-RS: a series' middle image as a picture */
        get: operations["dicomweb_get_series_rendered"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/studies/{study_uid}/series/{series_uid}/thumbnail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** WADO-RS: a series' middle image, small */
        get: operations["dicomweb_get_series_thumbnail"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dicomweb/studies/{study_uid}/thumbnail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** WADO-RS: a study's middle image, small */
        get: operations["dicomweb_get_study_thumbnail"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/fhir/CodeSystem/$lookup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** FHIR: what a code means */
        get: operations["fhir_lookup"];
        put?: never;
        /** FHIR: what a code means */
        post: operations["fhir_post_lookup"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/fhir/CodeSystem/$validate-code": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** FHIR: whether a code is of a code system */
        get: operations["fhir_code_system_validate"];
        put?: never;
        /** FHIR: whether a code is of a code system */
        post: operations["fhir_post_code_system_validate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/fhir/metadata": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** FHIR: CapabilityStatement, or TerminologyCapabilities with mode=terminology */
        get: operations["fhir_metadata"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/fhir/ValueSet/$expand": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** FHIR: the concepts of a value set */
        get: operations["fhir_expand"];
        put?: never;
        /** FHIR: the concepts of a value set */
        post: operations["fhir_post_expand"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/fhir/ValueSet/$validate-code": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** FHIR: whether a code is of a value set */
        get: operations["fhir_value_set_validate"];
        put?: never;
        /** FHIR: whether a code is of a value set */
        post: operations["fhir_post_value_set_validate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        AdjudicationDraft: {
            /** Format: date-time */
            begun_at: string;
            by: string;
            /**
             * Format: date-time
             * @description From then on others may discard it
             */
            idle_from: string;
            mine: boolean;
            /** @description Key of the opinion that it was copied from */
            opinion: string | null;
            /** @description A reader has submitted again since it was begun */
            opinions_changed: boolean;
            /** @enum {string} */
            seed: "opinion" | "standing" | "decisions";
            /** @description Mine: annotations and masks that I send go to it */
            task: null | components["schemas"]["Task"];
        };
        AdjudicationDraftRequest: {
            /** @description With from decisions: one for each difference that is not agreed */
            decisions?: components["schemas"]["Decision"][];
            /**
             * @description What is copied: one opinion, the adjudication that stands, or what decisions come to
             * @enum {string}
             */
            from: "opinion" | "standing" | "decisions";
            /** @description With from opinion: its key */
            opinion?: string | null;
        };
        AdjudicationDraftSubmission: {
            duration_s?: number | null;
            /** @description The outcome serves as gold from now on: it is shown to raters as any other item */
            gold?: boolean;
            /** @description Of the opinions as they were looked at */
            opinions_revision: string;
            reason: string;
        };
        AdjudicationRequest: {
            /** @description One for each difference that is not agreed; agreed ones may be decided too */
            decisions: components["schemas"]["Decision"][];
            /** @description The outcome serves as gold from now on: it is shown to raters as any other item */
            gold?: boolean;
            reason: string;
        };
        AlikeList: {
            items: components["schemas"]["AlikePlace"][];
            next_cursor?: string | null;
        };
        AlikeMarked: {
            notes: number;
            places: number;
        };
        AlikePlace: {
            attributes: Record<string, never>;
            id: components["schemas"]["Id"];
            label: string;
            of_annotation: components["schemas"]["Id"];
            of_item: components["schemas"]["Id"];
            of_number: number;
            ranges: number[][];
        };
        AlikeRequest: {
            annotation_id: components["schemas"]["Id"];
        };
        Annotation: {
            attributes?: {
                [key: string]: components["schemas"]["AnswerValue"];
            };
            comment?: string | null;
            created_at: components["schemas"]["Time"];
            id: components["schemas"]["Id"];
            item_id: components["schemas"]["Id"];
            label?: string | null;
            measurements?: components["schemas"]["Measurements"];
            /** @description The finding's number, kept over time points. */
            number?: number | null;
            protocol: components["schemas"]["ProtocolReference"];
            question?: string | null;
            rater: components["schemas"]["RaterReference"];
            revision: number;
            state: components["schemas"]["AnnotationState"];
            surface?: string | null;
            target: components["schemas"]["Target"];
            /** Format: uuid */
            task_id?: string | null;
            updated_at: components["schemas"]["Time"];
            value?: components["schemas"]["AnswerValue"];
        };
        AnnotationList: {
            items: components["schemas"]["Annotation"][];
            next_cursor: string | null;
            total?: number;
        };
        /** @description What one rater says of one place on one item. The members that the server adds may be sent back and are not read. */
        AnnotationRequest: {
            attributes?: {
                [key: string]: components["schemas"]["AnswerValue"];
            };
            comment?: string | null;
            created_at?: components["schemas"]["Time"];
            id: components["schemas"]["Id"];
            item_id: components["schemas"]["Id"];
            label?: string | null;
            measurements?: components["schemas"]["Measurements"];
            /** @description The finding's number, kept over time points. */
            number?: number | null;
            protocol: components["schemas"]["ProtocolReference"];
            question?: string | null;
            rater?: components["schemas"]["RaterReference"];
            revision?: number;
            state?: components["schemas"]["AnnotationState"];
            surface?: string | null;
            target: components["schemas"]["Target"];
            /** Format: uuid */
            task_id?: string | null;
            updated_at?: components["schemas"]["Time"];
            value?: components["schemas"]["AnswerValue"];
        };
        /** @enum {string} */
        AnnotationState: "draft" | "submitted" | "retracted";
        AnswerValue: null | string | number | boolean | string[] | components["schemas"]["Quantity"] | components["schemas"]["PickedConcept"];
        AssignAnswer: {
            results: {
                item_id: components["schemas"]["Id"];
                person_id?: components["schemas"]["Id"];
                problem?: components["schemas"]["Problem"];
                status: number;
                task?: components["schemas"]["Task"];
            }[];
        };
        AssignRequest: {
            item_ids: components["schemas"]["Id"][];
            person_ids: components["schemas"]["Id"][];
        };
        AuditEvent: {
            at: components["schemas"]["Time"];
            fields: Record<string, never>;
            hash: string;
            item_id?: string | null;
            patient_pseudonym?: string | null;
            person: {
                display_name?: string;
                id?: string | null;
            } | null;
            project_id?: string | null;
            sentence: string;
            sequence: number;
            type: string;
        };
        AuditEventList: {
            items: components["schemas"]["AuditEvent"][];
            next_cursor: string | null;
            total?: number;
        };
        AuditHead: {
            root: string;
            signature: string;
            signed_at: components["schemas"]["Time"];
            size: number;
        };
        AuditHeadList: {
            items: components["schemas"]["AuditHead"][];
            next_cursor: string | null;
        };
        AuditVerification: {
            checked_at: components["schemas"]["Time"];
            events: number;
            head: components["schemas"]["AuditHead"] | null;
            ok: boolean;
            problem?: string | null;
        };
        BeatCluster: {
            /** @description Its most doubtful beats, by their places */
            doubted: number[];
            /** @description Their shapes in the first lead */
            doubted_uv: number[][];
            /** @description Some of its beats in the first lead */
            members_uv: number[][];
            /** @description The beat nearest to the cluster's middle, by its place */
            representative: number;
            size: number;
            /** @description Root mean square distance from it in the first lead */
            spread_uv: number[];
            /** @description Mean shape in each lead */
            template_uv: number[][];
        };
        BeatClusters: {
            /** @description The value at the beat itself */
            before: number;
            /** @description Of each beat */
            cluster: number[];
            clusters: components["schemas"]["BeatCluster"][];
            /** @description Of each beat, thousandths: 1000 is halfway to another cluster */
            doubt: number[];
            leads: string[];
            /** @description Between the values of a shape */
            step_ms: number;
        };
        BeatClustersRequest: {
            /** @description 12 when left out */
            clusters_max?: number;
            /** @description Places in ticks: cluster these; all when left out */
            only?: number[];
            /** @description Of all beats, rising */
            ticks: number[];
        };
        /** @description [brick index, SHA-256 of the raw brick] */
        BrickHash: [
            number,
            string
        ];
        BulkAnswer: {
            results: {
                annotation?: components["schemas"]["Annotation"];
                id: components["schemas"]["Id"];
                problem?: components["schemas"]["Problem"];
                status: number;
            }[];
        };
        BulkDelete: {
            id: components["schemas"]["Id"];
            if_match: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            op: "delete";
        };
        BulkPut: {
            annotation: components["schemas"]["AnnotationRequest"];
            /** @description The revision this rests on; null for a new one. */
            if_match: number | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            op: "put";
        };
        BulkRequest: {
            operations: (components["schemas"]["BulkPut"] | components["schemas"]["BulkDelete"])[];
        };
        /** @description Annotations that mean one thing, none twice, in their order. */
        ChainTarget: {
            members: components["schemas"]["Id"][];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "chain";
        };
        ConceptHit: {
            code: string;
            display: string;
            /** @enum {string} */
            match: "code" | "exact" | "words" | "prefix" | "near_words" | "near_prefix";
            system: string;
            /** @description What the terminology calls its kind: disorder, finding, SCD */
            tag: string;
            /** @description The term that matched */
            term: string;
            version: string;
        };
        ConceptList: {
            items: components["schemas"]["ConceptHit"][];
            /** @description Code systems that are not loaded */
            missing: string[];
        };
        Decision: {
            /** @description With take edited: what stands instead. As settled, with take drawn: the copied label as it stands; null where it was taken away or drawn anew */
            annotation?: null | components["schemas"]["AnnotationRequest"];
            /** @description With take choice: the choice's class */
            class?: string | null;
            difference_id: string;
            /** @description With take choice: whose annotation, where places differ; else the first of the choice */
            rater?: string | null;
            reason?: string | null;
            /**
             * @description drawn: what was drawn in the workspace stays
             * @enum {string}
             */
            take: "choice" | "edited" | "unsure" | "drawn";
        };
        Difference: {
            /** @description All said the same; taken unless somebody decides otherwise */
            agreed: boolean;
            /** @description Most probable first */
            choices: components["schemas"]["DifferenceChoice"][];
            entropy_bits: number;
            /** @description Stays as long as the opinions it rests on */
            id: string;
            /** @enum {string} */
            kind: "question" | "label" | "mask";
            settled: null | components["schemas"]["Decision"];
            title: string;
            /** @description Question id, or label ids joined by + */
            unit: string;
            /** @description answer, label, extent, attribute or missing: in what the opinions differ */
            what: string;
        };
        DifferenceChoice: {
            /** @description Theirs, in the order of raters; empty for absent */
            annotation_ids: components["schemas"]["Id"][];
            /** @description Label or answer; `absent` where a rater put nothing */
            class: string;
            probability: number;
            /** @description Keys of those who said so */
            raters: string[];
            title: string;
        };
        Empty: Record<string, never>;
        /** @description A figure with its interval; value, low and high are null where `undefined` says why there is none. */
        Estimate: {
            high: number | null;
            low: number | null;
            undefined: string | null;
            value: number | null;
        };
        /** @description The annotation that names the event, if the text has one, and what plays which role in it; at least one of both. */
        EventTarget: {
            arguments: {
                annotation: components["schemas"]["Id"];
                role: string;
            }[];
            /** Format: uuid */
            trigger?: string | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "event";
        };
        Export: {
            annotations: number;
            created_at: components["schemas"]["Time"];
            created_by: {
                display_name: string;
                /** Format: uuid */
                id: string | null;
            };
            excluded: {
                count: number;
                reason: string;
            }[];
            format: string;
            id: components["schemas"]["Id"];
            items: number;
            problem?: string | null;
            size_bytes: number;
            /** @enum {string} */
            state: "running" | "done" | "failed";
        };
        ExportList: {
            items: components["schemas"]["Export"][];
            next_cursor: string | null;
            total?: number;
        };
        ExportRequest: {
            /** @enum {string} */
            format: "dicom_seg" | "dicom_seg_labelmap" | "dicom_seg_fractional" | "rtstruct" | "sr" | "gsps" | "nifti" | "nrrd" | "label_images" | "coco" | "yolo" | "voc" | "csv" | "labels_csv" | "labels_jsonl" | "brat" | "spans_jsonl" | "wfdb" | "edf" | "signal_csv" | "conll" | "conll_iob1" | "conll_bilou" | "conll_iobes" | "conll2002" | "pubtator" | "bioc_xml" | "bioc_json" | "pubannotation" | "doccano" | "prodigy" | "spacy" | "label_studio" | "webanno_tsv" | "uima_xmi" | "uima_json" | "fhir" | "omop_note_nlp";
            item_ids?: components["schemas"]["Id"][];
            states: ("submitted" | "draft")[];
        };
        /** @description FHIR R4 CapabilityStatement or TerminologyCapabilities */
        FhirCapabilities: {
            date: components["schemas"]["Time"];
            /** @constant */
            kind: "instance";
            /** @enum {string} */
            resourceType: "CapabilityStatement" | "TerminologyCapabilities";
            /** @constant */
            status: "active";
        };
        /** @description FHIR R4 Parameters */
        FhirParameters: {
            parameter: {
                name: string;
                part?: {
                    name: string;
                }[];
                resource?: Record<string, never>;
                valueBoolean?: boolean;
                valueCode?: string;
                valueCodeableConcept?: Record<string, never>;
                valueCoding?: Record<string, never>;
                valueInteger?: number;
                valueString?: string;
                valueUri?: string;
            }[];
            /** @constant */
            resourceType: "Parameters";
        };
        /** @description FHIR R4 ValueSet, expanded */
        FhirValueSet: {
            expansion: {
                contains?: {
                    code: string;
                    display: string;
                    inactive?: boolean;
                    system: string;
                    version?: string;
                }[];
                offset: number;
                timestamp: components["schemas"]["Time"];
                total?: number;
            };
            /** @constant */
            resourceType: "ValueSet";
            status: string;
            title?: string;
            url?: string;
            version?: string;
        };
        FrameTarget: {
            frame: number;
            instance_uid: string;
            series_id: components["schemas"]["Id"];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "frame";
        };
        /** @enum {string} */
        GlobalRole: "administrator" | "compliance";
        Health: {
            /** @enum {string} */
            status: "ok";
            version: string;
        };
        /**
         * Format: uuid
         * @description A UUIDv7, made by whoever makes the thing.
         */
        Id: string;
        ImageSource: {
            /** @constant */
            kind: "image";
            studies: {
                date: string;
                description: string;
                id: components["schemas"]["Id"];
                /** @description The item whose own study it is: an earlier one's is another. */
                item_id?: components["schemas"]["Id"];
                series: components["schemas"]["Series"][];
            }[];
        };
        Import: {
            duplicates: number;
            files_done: number;
            files_total: number;
            /** Format: date-time */
            finished_at: string | null;
            id: components["schemas"]["Id"];
            items_added: number;
            name?: string;
            refused: components["schemas"]["Refusal"][];
            started_at: components["schemas"]["Time"];
            /** @enum {string} */
            state: "receiving" | "running" | "done" | "failed";
            waiting: components["schemas"]["WaitingObject"][];
        };
        ImportFile: {
            file_number: number;
            size_bytes: number;
            state: string;
        };
        ImportList: {
            items: components["schemas"]["Import"][];
            next_cursor: string | null;
            total?: number;
        };
        ImportRequest: {
            /** @enum {string|null} */
            kind_hint?: "image" | "text" | "signal" | null;
            name?: string;
        };
        InstanceTarget: {
            instance_uid: string;
            series_id: components["schemas"]["Id"];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "instance";
        };
        IntervalTarget: {
            begin_tick: components["schemas"]["Tick"];
            channels?: string[];
            end_tick?: number | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "interval";
        };
        Item: {
            date: string;
            id: components["schemas"]["Id"];
            kind: components["schemas"]["ItemKind"];
            mine: {
                annotations: number;
                answered?: number;
                /** Format: date-time */
                lease_until: string | null;
                skip_reason: string | null;
                /** @enum {string} */
                state: "none" | "assigned" | "leased" | "draft" | "submitted" | "skipped";
                /** Format: uuid */
                task_id: string | null;
                /** Format: date-time */
                updated_at: string | null;
            };
            modality: string;
            number: number;
            patient: {
                id: components["schemas"]["Id"];
                pseudonym: string;
            };
            preview: {
                /** @enum {string} */
                kind: "image" | "text" | "signal" | "none";
                points?: number[];
                text?: string;
                url?: string;
            };
            project_id: components["schemas"]["Id"];
            readers: {
                submitted: number;
                wanted: number;
            };
            revision: number;
            /** @enum {string} */
            state: "available" | "in_progress" | "submitted" | "skipped" | "done";
            title: string;
        };
        ItemDetail: components["schemas"]["Item"] & {
            related: components["schemas"]["RelatedItem"][];
            source: components["schemas"]["ImageSource"] | components["schemas"]["TextSource"] | components["schemas"]["SignalSource"];
        };
        /** @enum {string} */
        ItemKind: "image" | "text" | "signal";
        ItemList: {
            facets: {
                kind: {
                    [key: string]: number;
                };
                mine: {
                    [key: string]: number;
                };
                state: {
                    [key: string]: number;
                };
            };
            items: components["schemas"]["Item"][];
            next_cursor: string | null;
            total: number;
        };
        ItemOpinions: {
            adjudication: null | {
                /** Format: date-time */
                at: string;
                by: string;
                gold: boolean;
                reason: string;
            };
            /** @description Worst first; agreed units last */
            differences: components["schemas"]["Difference"][];
            draft: null | components["schemas"]["AdjudicationDraft"];
            item_id: components["schemas"]["Id"];
            may_adjudicate: boolean;
            names_hidden: boolean;
            opinions: components["schemas"]["Opinion"][];
            /** @description Another one as soon as one of the opinions changes */
            opinions_revision: string;
            /** @description What stands after the adjudication, drawn or taken over */
            result: null | {
                annotations: components["schemas"]["Annotation"][];
                rater: null | components["schemas"]["RaterReference"];
            };
            why_not: string;
        };
        Lease: {
            /** Format: date-time */
            lease_until: string | null;
        };
        Link: {
            expires_at: components["schemas"]["Time"];
            person: {
                display_name: string;
                name: string;
            };
            /** @enum {string} */
            purpose: "sign_in" | "invitation" | "reset";
        };
        LinkAnswer: {
            link: components["schemas"]["LinkUrl"];
        };
        LinkRequest: {
            password?: string;
        };
        LinkUrl: {
            expires_at: components["schemas"]["Time"];
            url: string;
        };
        Mask: {
            bricks: components["schemas"]["BrickHash"][];
            grid_id: string;
            /** @enum {string} */
            layer: "exclusive" | "binary";
            rater_id: components["schemas"]["Id"];
            /** @description Empty where nothing is labelled on it yet. */
            rater_name: string;
            revision: number;
            segments: {
                /** Format: uuid */
                annotation_id: string | null;
                label: string | null;
                segment: number;
            }[];
            /** @description An adjudicator's submitted word: the item's result. */
            settled: boolean;
            updated_at: components["schemas"]["Time"];
        };
        MaskList: {
            items: components["schemas"]["Mask"][];
            next_cursor?: string | null;
        };
        /** @description threshold {segment, lo, hi}; grow {segments?, background?, seeds_layer?, relearn?, keep_model?, next_slices?, likelihood?}; fill_between {segments?, axis, image_aware?, snap_mm?, cap_ends?}; islands {segment, keep: largest | larger_than (mm3) | split (segments_from)}; margin {segment, mm}; hollow {segment, mm, side}; smooth {segments, method, mm}; logical {segment, with, how}; fill_holes {segment, axis?}; copy_prior {from_item, from_grid}; propagate {from_grid, from_item?, from_rater?, from_segments?, label?, segment?, replace?, rigid_only?, other_modality?}; classify {segments?, background?, seeds_layer?, axis?, first?, last?}. */
        MaskOperation: {
            /** @description Slices lie across it: 0 columns (x), 1 rows (y), 2 slices (z). fill_holes: null for 3D. */
            axis?: number | null;
            /** @description grow, classify: the segment whose seeds mean 'none of them'; it is left out of the result. */
            background?: number | null;
            cap_ends?: boolean;
            /**
             * @description islands: 6 when left out.
             * @enum {integer}
             */
            connectivity?: 6 | 18 | 26;
            /** @description classify with an axis: the first slice across it; without an axis all are classified, and what the strokes taught is kept for the project's next cases, unless its protocol wants no suggestions of models. */
            first?: number;
            from_grid?: string;
            /** Format: uuid */
            from_item?: string;
            /**
             * Format: uuid
             * @description propagate: whose labels, as far as they may be seen; one's own when left out. Without from_item the study shown with the item that has from_grid is taken.
             */
            from_rater?: string;
            /** @description propagate: only these; none or null: all. */
            from_segments?: number[] | null;
            /** @description Highest value taken. */
            hi?: number;
            /** @enum {string} */
            how?: "union" | "subtract" | "intersect" | "invert";
            image_aware?: boolean;
            /** @enum {string} */
            keep?: "largest" | "larger_than" | "split";
            /** @description grow: keep the intensities learnt before even where the seeds would now teach others, so that an update after a stroke stays local and quick; ask again without it for the labels that count. */
            keep_model?: boolean;
            /** @enum {string} */
            kind: "threshold" | "grow" | "fill_between" | "islands" | "margin" | "hollow" | "smooth" | "logical" | "fill_holes" | "copy_prior" | "propagate" | "classify";
            /** @description propagate: only segments of findings with this label. */
            label?: string;
            /** @description classify with an axis: the last slice. */
            last?: number;
            /**
             * @description grow: by what a voxel is likely to be of a segment: the seeds' intensities (when left out), or what a pixel classifier learnt from the seeds sees at several scales.
             * @enum {string}
             */
            likelihood?: "intensity" | "classifier";
            /** @description Lowest value taken, after the modality transform (HU). */
            lo?: number;
            /** @enum {string} */
            method?: "median" | "open" | "close" | "joint";
            /** @description margin: negative shrinks. smooth: the box's edge (median), the ball's radius (open, close), the Gaussian's standard deviation (joint). */
            mm?: number;
            /** @description islands, larger_than: smallest part that stays. */
            mm3?: number;
            /** @description grow: whether to work out where a stroke would help most, which takes longer than an update; true when left out. */
            next_slices?: boolean;
            /** @description propagate: the two images show tissue in different values. */
            other_modality?: boolean;
            /** @description grow: learn the intensities anew from the present seeds. */
            relearn?: boolean;
            /** @description propagate: the named segment becomes what was carried and nothing else; otherwise it is added to. */
            replace?: boolean;
            /** @description propagate: turn and shift, do not bend. */
            rigid_only?: boolean;
            /** @description grow, classify: the layer that holds the seeds; the request's own when left out. */
            seeds_layer?: number | null;
            segment?: number;
            /** @description None or null: all of the layer. */
            segments?: number[] | null;
            /** @description islands, split: the largest part keeps its segment, the next get this number and those after it. */
            segments_from?: number | null;
            /** @enum {string} */
            side?: "inside" | "outside" | "centre";
            snap_mm?: number;
            /** @description logical: the other segment; of layer 0, or else the binary layer of that number. */
            with?: number;
        };
        /** @description An operation on my mask. Nothing is stored: accepting it means to send its bricks as a patch. */
        MaskOperationRequest: {
            /** @description The mask's revision; 0 while nothing is drawn. */
            base_revision: number;
            /** @description 0 the exclusive layer; k the binary layer of segment k, whose only segment is k. */
            layer: number;
            mask?: components["schemas"]["MaskRestriction"];
            operation: components["schemas"]["MaskOperation"];
            /** @description Bricks of layer 0 as u16 label, u16 count of each run of equal labels, where that is shorter than their 65,536 bytes. */
            runs?: boolean;
            /** @description grow: the preview that I hold, by the name in its summary. The answer then has the bricks that are no longer what they were in it, also those that are now as the mask is; all, as without it, when the summary's update is false. */
            since?: string;
        };
        /** @description As JSON in the header Consilium-Operation of the operation's answer. */
        MaskOperationSummary: {
            /** @description Voxels that had no segment and have one now. */
            added: number;
            bricks: number;
            /** @description Voxels of which the segment is another now. */
            changed: number;
            /** @description classify: what the labels were learnt from. */
            model?: {
                /** @description Of them from this item's strokes; the others are those that the project has kept. */
                own_samples: number;
                samples: number;
                version: string;
            };
            /** @description grow: the slice across each axis where a stroke would help most. */
            next_slices?: (number | null)[];
            /** @description grow: this preview's name, for the next request's since. */
            preview?: string;
            /** @description propagate: how the earlier volume was laid over this one. */
            propagation?: {
                displacement_mm_max?: number;
                /** @description Least and greatest volume change of the bend; above 0 nothing folds. */
                jacobian?: number[];
                /** @enum {string} */
                quality: "good" | "uncertain";
                shift_mm: number[];
                /** @description Correlation, or normalised mutual information, after turning and shifting. */
                similarity: number;
                turn_deg: number[];
            };
            /** @description Voxels that lost theirs. */
            removed: number;
            revision: number;
            seconds: number;
            /** @description grow: whether the bricks are those changed since the preview that was named. */
            update?: boolean;
        };
        MaskPatchAnswer: {
            bricks: components["schemas"]["BrickHash"][];
            merged: boolean;
            revision: number;
        };
        /** @description Which voxels the operation may change. */
        MaskRestriction: {
            /** @description Only within these segments; 0 is what has none. */
            inside?: number[] | null;
            /** @description Never within these. */
            protect?: number[] | null;
            /** @description Only where the image's value lies in [lo, hi]. */
            range?: number[] | null;
        } | null;
        MaskTarget: {
            grid_id: components["schemas"]["Sha256"];
            segment: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "mask";
        };
        Me: {
            csrf_token: string;
            person: {
                display_name: string;
                id: components["schemas"]["Id"];
                initials: string;
                name: string;
            };
            projects: {
                id: components["schemas"]["Id"];
                name: string;
                roles: components["schemas"]["ProjectRole"][];
            }[];
            roles: components["schemas"]["GlobalRole"][];
            sign_in_id: components["schemas"]["Id"];
        };
        /** @description What the place measures, by name (long_axis, area, mean), with UCUM units. */
        Measurements: {
            [key: string]: components["schemas"]["Quantity"];
        };
        Member: {
            display_name: string;
            person_id: components["schemas"]["Id"];
            revision?: number;
            roles: components["schemas"]["ProjectRole"][];
        };
        MemberList: {
            items: components["schemas"]["Member"][];
            next_cursor: string | null;
            total?: number;
        };
        MemberRequest: {
            roles: components["schemas"]["ProjectRole"][];
        };
        NextAnswer: {
            item: components["schemas"]["Item"];
            task: components["schemas"]["Task"] | null;
        };
        NextRequest: {
            after?: components["schemas"]["Id"];
            /** @description Answer the next item without leasing it. */
            peek?: boolean;
        };
        NoteTool: {
            /** @description What a word of ConText (negated, uncertain, historical, hypothetical, other) means here: ATTRIBUTE=CHOICE */
            assertions: Record<string, never>;
            changed_at: components["schemas"]["Time"];
            changed_by: string;
            /** @description Terms or rules */
            entries: number;
            id: components["schemas"]["Id"];
            is_on: boolean;
            /** @enum {string} */
            kind: "terms" | "rules" | "context";
            /** @description Of terms that name none */
            label: string;
            /** @description Of the rater that its labels are of */
            name: string;
            /** @description Why it cannot label now */
            problem: string | null;
            revision: number;
            /** @description Terms of this loaded terminology; empty: of the file */
            system: string;
            /** @description The file, where one tool is shown */
            text?: string;
            tool_version: string;
            version: string;
            /** @description Expression of the concepts that count; empty: all */
            within: string;
        };
        NoteToolList: {
            /** @description Whether notes are being labelled anew */
            is_running: boolean;
            items: components["schemas"]["NoteTool"][];
            next_cursor?: string | null;
            notes_left: number;
            /** @description What was said of notes and the protocol does not allow */
            problems: string[];
        };
        NoteToolRequest: {
            assertions?: Record<string, never>;
            is_on: boolean;
            /** @enum {string} */
            kind: "terms" | "rules" | "context";
            label?: string;
            name: string;
            system?: string;
            /** @description Terms as CSV, rules, or ConText's rules in another language than English */
            text?: string;
            version?: string;
            within?: string;
        };
        OpenApiDocument: {
            openapi: string;
        };
        /** @description FHIR's form of errors */
        OperationOutcome: {
            issue: {
                code: string;
                details?: {
                    text: string;
                };
                diagnostics?: string;
                /** @enum {string} */
                severity: "fatal" | "error" | "warning" | "information";
            }[];
            /** @constant */
            resourceType: "OperationOutcome";
        };
        Opinion: {
            annotations: components["schemas"]["Annotation"][];
            duration_s: number | null;
            /** @description A, B, C ...: stands for the rater wherever the item's opinions are named */
            key: string;
            /** @description Null while the names are hidden */
            rater: null | {
                display_name: string;
                id: components["schemas"]["Id"];
                kind: string;
            };
            /** Format: date-time */
            submitted_at: string;
        };
        Panel: {
            /** @description What intervals are clustered by */
            cluster: string;
            /** Format: date-time */
            counted_at: string;
            effort: {
                /** @description Settled share after so many reader hours, so far */
                curve: {
                    hours: number;
                    share: number;
                }[];
                hours: components["schemas"]["Estimate"];
                settled_share: number;
                votes_more: number;
            };
            gold: components["schemas"]["PanelGold"][];
            /** @description False while what happened since is being counted */
            is_current: boolean;
            items: {
                complete: number;
                total: number;
                unsettled: number;
                with_votes: number;
            };
            protocol: {
                id: string;
                version: string;
            };
            raters: components["schemas"]["PanelRater"][];
            /** @description An item is settled once each of its units has a class of at least this posterior, counted with the raters' lower-bound rates */
            settled_at: number;
            /** @description Most doubtful first, 500 at most */
            uncertain_items: components["schemas"]["PanelItem"][];
            uncertainty: {
                counts: number[];
                edges_bits: number[];
            };
            units: components["schemas"]["PanelUnit"][];
            /** @description Items whose votes were taken in since counted_at: they are in the votes, posteriors, settled items, next readers and effort, and not yet in agreement, consensus, reliability and drift */
            updates: number;
        };
        PanelClass: {
            id: string;
            title: string;
        };
        PanelGold: {
            answers: {
                rater_id: components["schemas"]["Id"];
                right: boolean;
                said: string;
            }[];
            item_id: components["schemas"]["Id"];
            number: number;
            truth: string;
            unit: string;
        };
        PanelItem: {
            entropy_bits: number;
            item_id: components["schemas"]["Id"];
            /** @description Whose reading would tell most of the item for its time; null when it is settled or nobody is left to ask */
            next_reader: null | {
                gain_bits: number;
                minutes: number;
                name: string;
                rater_id: components["schemas"]["Id"];
            };
            number: number;
            pseudonym: string;
            settled: boolean;
            title: string;
            top: {
                class: string;
                probability: number;
            };
            /** @description The item's most doubtful unit */
            unit: string;
            votes: number;
            votes_needed: number | null;
        };
        PanelMaskPair: {
            dice: number;
            first: components["schemas"]["Id"];
            second: components["schemas"]["Id"];
        };
        /** @description How far masks with the label overlap: Dice between each two raters who finished the item, 0 where one of them drew nothing */
        PanelMasks: {
            /** @description Median over items of the mean of their pairs */
            dice: components["schemas"]["Estimate"];
            items: number;
            /** @description Lowest Dice first, 200 at most */
            lowest: {
                dice: number;
                item_id: components["schemas"]["Id"];
                number: number;
                pairs: components["schemas"]["PanelMaskPair"][];
                pseudonym: string;
                title: string;
            }[];
            pairs: {
                first: components["schemas"]["Id"];
                items: number;
                median: number;
                second: components["schemas"]["Id"];
            }[];
            /** @description Krippendorff's alpha of who drew a mask at all */
            presence: components["schemas"]["Estimate"];
        };
        PanelRater: {
            confusion: {
                /** @description Row: consensus class; column: what the rater said */
                counts: number[][];
                high: number[][];
                low: number[][];
                rates: number[][];
                unit: string;
            }[];
            /** @description Votes against the consensus class of their place, 500 at most */
            differs?: {
                consensus: string;
                item_id: components["schemas"]["Id"];
                number: number;
                said: string;
                unit: string;
            }[];
            drift: {
                flagged: boolean;
                /** Format: date-time */
                since: string | null;
                /** @description Agreement with the consensus in windows of votes, oldest first */
                values: number[];
                /** @description What changed, in a sentence; empty when nothing did */
                words: string;
            };
            gold: null | {
                estimate: components["schemas"]["Estimate"];
                of: number;
                right: number;
            };
            items: number;
            kind: string;
            median_s: number | null;
            name: string;
            rater_id: components["schemas"]["Id"];
            /** @description Chance of the consensus class, over classes as they occur */
            reliability: components["schemas"]["Estimate"];
            votes: number;
        };
        /** @description What is voted on: a question answered for a whole item, or a label put onto places (matched across raters). */
        PanelUnit: {
            agreement: {
                estimate: components["schemas"]["Estimate"];
                /** @description How the interval was made, in words */
                interval: string;
                /** @description nominal, ordinal or interval */
                level: string;
                /** @description krippendorff_alpha, or dice for masks */
                metric: string;
                /** @description What the quality plan asks for */
                target: number | null;
            };
            by_class: {
                class: string;
                estimate: components["schemas"]["Estimate"];
            }[];
            classes: components["schemas"]["PanelClass"][];
            consensus: {
                converged: boolean;
                iterations: number;
                log_likelihood: number | null;
                method: string;
                modes: number;
                /** @description One a class */
                prevalence: number[];
            };
            id: string;
            items: number;
            /** @enum {string} */
            kind: "question" | "label" | "mask";
            /** @description Null for what is no mask */
            masks: null | components["schemas"]["PanelMasks"];
            title: string;
            units: number;
            votes: number;
        };
        PasswordRequest: {
            new: string;
            old: string;
        };
        PatientTarget: {
            patient_id: components["schemas"]["Id"];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "patient";
        };
        Person: {
            created_at: components["schemas"]["Time"];
            display_name: string;
            id: components["schemas"]["Id"];
            /** Format: date-time */
            last_seen_at: string | null;
            name: string;
            roles: components["schemas"]["GlobalRole"][];
            /** @enum {string} */
            state: "invited" | "active" | "disabled";
        };
        PersonAnswer: {
            link?: components["schemas"]["LinkUrl"];
            person: components["schemas"]["Person"];
        };
        PersonList: {
            items: components["schemas"]["Person"][];
            next_cursor: string | null;
            total?: number;
        };
        PersonRequest: {
            display_name: string;
            name: string;
            roles: components["schemas"]["GlobalRole"][];
        };
        /** @description A concept of a terminology: the system is a designator (SCT, I10C, LN, RXNORM) where there is one, else its URI. */
        PickedConcept: {
            code: string;
            display: string;
            system: string;
            version?: string;
        };
        /** @description RFC 9457. current is the stored resource when If-Match lost the race. */
        Problem: {
            /** @enum {string} */
            code: "invalid_input" | "corrupt" | "unsupported" | "too_large" | "not_found" | "conflict" | "precondition_failed" | "unauthenticated" | "forbidden" | "rate_limited" | "no_space" | "unavailable" | "internal" | "not_implemented" | "method_not_allowed";
            conflicts?: number[];
            current?: Record<string, never>;
            current_revision?: number;
            detail?: string;
            remedy?: string;
            status: number;
            title: string;
            type: string;
            violations?: components["schemas"]["Violation"][];
            where?: string;
        };
        Project: {
            created_at: components["schemas"]["Time"];
            /** @enum {string} */
            deid_at: "import" | "release";
            description: string;
            id: components["schemas"]["Id"];
            item_unit: string;
            kind_counts: {
                image: number;
                signal: number;
                text: number;
            };
            my_roles: components["schemas"]["ProjectRole"][];
            name: string;
            progress: {
                done: number;
                items: number;
                my_done: number;
                my_open: number;
                open: number;
            };
            protocol: {
                hash: string;
                id: string;
                title: string;
                version: string;
            } | null;
            readers_per_item: number;
            revision: number;
            title?: string;
        };
        ProjectList: {
            items: components["schemas"]["Project"][];
            next_cursor: string | null;
            total?: number;
        };
        ProjectRequest: {
            /** @enum {string} */
            deid_at: "import" | "release";
            description: string;
            name: string;
            readers_per_item: number;
        };
        /** @enum {string} */
        ProjectRole: "rater" | "reviewer" | "adjudicator" | "lead" | "ml_export";
        Protocol: {
            hash: string;
            /** @description docs/protocol/protocol.schema.json says what it holds. */
            protocol: Record<string, never>;
            version: string;
            yaml: string;
        };
        ProtocolReference: {
            id: string;
            version: string;
        };
        ProtocolRequest: {
            yaml: string;
        };
        ProtocolVersion: {
            created_at: components["schemas"]["Time"];
            hash: string;
            id?: string;
            set_by?: string;
            title?: string;
            version: string;
        };
        ProtocolVersionList: {
            items: components["schemas"]["ProtocolVersion"][];
            next_cursor: string | null;
            total?: number;
        };
        Quantity: {
            number: number;
            unit: string;
        };
        Question: {
            answer: string | null;
            /** Format: date-time */
            answered_at: string | null;
            answered_by?: {
                display_name?: string;
                id?: components["schemas"]["Id"];
            } | null;
            asked_at: components["schemas"]["Time"];
            asked_by: {
                display_name: string;
                id: components["schemas"]["Id"];
            };
            id: components["schemas"]["Id"];
            item_id: components["schemas"]["Id"];
            item_number?: number;
            text: string;
        };
        QuestionList: {
            items: components["schemas"]["Question"][];
            next_cursor: string | null;
            total?: number;
        };
        RaterReference: {
            display_name: string;
            id: components["schemas"]["Id"];
            /** @enum {string} */
            kind: "human" | "model" | "dictionary" | "rule" | "import" | "migration";
        };
        ReasonRequest: {
            reason: string;
        };
        Refusal: {
            code: string;
            file_number: number;
            remedy: string;
            what: string;
            where: string;
        };
        RegionTarget: {
            frame: number;
            geometry: {
                /** @enum {string} */
                kind: "point" | "polyline" | "polygon" | "box" | "ellipse" | "length" | "bidirectional" | "angle" | "cobb" | "rotated_box";
                /** @description [x, y] in pixels of the frame; centres at integers. */
                points: number[][];
            };
            instance_uid: string;
            series_id: components["schemas"]["Id"];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "region";
        };
        RelatedItem: {
            date: string;
            item_id: components["schemas"]["Id"];
            kind: components["schemas"]["ItemKind"];
            modality: string;
            project_id: components["schemas"]["Id"];
            title: string;
        };
        RelationTarget: {
            from: components["schemas"]["Id"];
            to: components["schemas"]["Id"];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "relation";
        };
        RetryRequest: {
            /** @description Of the import that tries it; made by the client. */
            id: components["schemas"]["Id"];
            /** @description What names in it mean: NAME=LABEL, one a line; nothing after the = leaves it out. What was said when it came still holds for the others. */
            names?: string;
        };
        ReviewList: {
            items: components["schemas"]["ReviewRow"][];
            next_cursor: string | null;
            total: number;
        };
        ReviewRow: {
            differences: number;
            /**
             * @description Whose adjudication is being drawn in the workspace
             * @enum {string|null}
             */
            draft: "mine" | "another" | null;
            entropy_bits: number;
            item: components["schemas"]["Item"];
            open: number;
            /** @enum {string} */
            reason: "disagreement" | "posterior" | "always";
            /** @enum {string} */
            state: "open" | "in_progress" | "settled";
        };
        SampleTarget: {
            channel?: string | null;
            tick: components["schemas"]["Tick"];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "sample";
        };
        /** @enum {string} */
        Scope: "read" | "label" | "import" | "export" | "manage";
        Series: {
            body_part: string;
            description: string;
            id: components["schemas"]["Id"];
            images: components["schemas"]["VolumeInfo"][];
            instances: number;
            modality: string;
            /** @description What a reader must know: gaps, tilts, lossy. */
            notes: string[];
            number: number | null;
            volume: components["schemas"]["VolumeInfo"] | null;
        };
        SeriesTarget: {
            series_id: components["schemas"]["Id"];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "series";
        };
        Sha256: string;
        SignalDetector: {
            changed_at: string | null;
            changed_by: string;
            /** @enum {string} */
            detector: "beats" | "rhythm" | "quality";
            is_on: boolean;
            /** @description Which of the protocol's labels it gives, by id */
            labels: string[];
            /** @description Of the rater that its labels are of */
            name: string;
            version: string;
        };
        SignalDetectorList: {
            /** @description Whether recordings are being labelled anew */
            is_running: boolean;
            items: components["schemas"]["SignalDetector"][];
            /** @description What could not be labelled, and what was found and the protocol does not allow */
            problems: string[];
            recordings_left: number;
        };
        SignalDetectorRequest: {
            is_on: boolean;
        };
        SignalOverview: {
            activity?: Record<string, never> | null;
            heart_rate?: number[][] | null;
        };
        SignalSource: {
            /** @constant */
            kind: "signal";
            recordings: {
                channels: {
                    baseline: number;
                    gain: number;
                    index: number;
                    name: string;
                    quality?: string | null;
                    rate_hz: number;
                    unit: string;
                }[];
                duration_s: number;
                gaps: number[][];
                id: components["schemas"]["Id"];
                length_ticks: number;
                pyramid_levels: number[];
                start?: string | null;
                tick_rate: {
                    den: number;
                    num: number;
                };
            }[];
        };
        SignIn: {
            current: boolean;
            id: components["schemas"]["Id"];
            last_seen_at: components["schemas"]["Time"];
            origin: string;
            started_at: components["schemas"]["Time"];
            user_agent: string;
        };
        SignInList: {
            items: components["schemas"]["SignIn"][];
            next_cursor: string | null;
            total?: number;
        };
        SignInRequest: {
            name: string;
            password: string;
        };
        SpaceTarget: {
            geometry: {
                /** @enum {string} */
                kind: "point" | "polyline" | "polygon" | "box" | "ellipse" | "length" | "bidirectional" | "angle" | "cobb" | "rotated_box" | "cuboid";
                /** @description [x, y, z] in mm of the frame of reference (LPS), all in one plane; a cuboid by a corner and the ends of its three edges, a box by its four corners. */
                points: number[][];
            };
            series_id: components["schemas"]["Id"];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "space";
        };
        SpansTarget: {
            /** @description Half-open ranges of code points, sorted, disjoint. */
            ranges: number[][];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "spans";
        };
        Statistics: {
            annotations: {
                [key: string]: number;
            };
            items: {
                by_kind: {
                    [key: string]: number;
                };
                by_state: {
                    [key: string]: number;
                };
                total: number;
            };
            median_s_per_item: number | null;
            per_day: {
                date: string;
                submitted: number;
            }[];
            raters: {
                display_name: string;
                items_submitted: number;
                /** Format: date-time */
                last_submitted_at: string | null;
                median_s_per_item: number | null;
                open_leases: number;
                rater_id: components["schemas"]["Id"];
                today: number;
            }[];
        };
        StudyTarget: {
            study_id: components["schemas"]["Id"];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "study";
        };
        SubmitRequest: {
            duration_s?: number;
        };
        SuggestedLabelList: {
            items: {
                annotation: components["schemas"]["Annotation"];
                own_id: components["schemas"]["Id"];
                /**
                 * @description What I did with it.
                 * @enum {string|null}
                 */
                said: "accepted" | "rejected" | null;
            }[];
            next_cursor?: string | null;
        };
        Suggestion: {
            labels: {
                count: number;
                label: string;
            }[];
            may_take: boolean;
            rater: {
                display_name: string;
                id: components["schemas"]["Id"];
                kind: string;
            };
            submitted_at: components["schemas"]["Time"];
            why_not: string;
        };
        SuggestionList: {
            items: components["schemas"]["Suggestion"][];
            next_cursor?: string | null;
        };
        SuggestionTaken: {
            annotations: number;
            masks: number;
        };
        Target: components["schemas"]["WholeTarget"] | components["schemas"]["SeriesTarget"] | components["schemas"]["PatientTarget"] | components["schemas"]["StudyTarget"] | components["schemas"]["InstanceTarget"] | components["schemas"]["FrameTarget"] | components["schemas"]["RegionTarget"] | components["schemas"]["MaskTarget"] | components["schemas"]["SpansTarget"] | components["schemas"]["RelationTarget"] | components["schemas"]["SampleTarget"] | components["schemas"]["IntervalTarget"] | components["schemas"]["SpaceTarget"] | components["schemas"]["EventTarget"] | components["schemas"]["ChainTarget"];
        Task: {
            /** Format: uuid */
            assigned_to?: string | null;
            id: components["schemas"]["Id"];
            item_id: components["schemas"]["Id"];
            /** Format: date-time */
            lease_until: string | null;
            rater_id: components["schemas"]["Id"];
            /** @enum {string} */
            stage: "label" | "review" | "adjudicate";
            /** @enum {string} */
            state: "assigned" | "leased" | "expired" | "submitted" | "released" | "skipped";
        };
        Terminology: {
            concepts: number;
            /** @enum {string} */
            kind: "code_system" | "value_set";
            loaded_at: components["schemas"]["Time"];
            loaded_by: string;
            /** @description Its designator (SCT, I10C, LN, RXNORM) where there is one, else the URI */
            name: string;
            size_bytes: number;
            /** @description URI that FHIR names it by */
            system: string;
            terms: number;
            title: string;
            version: string;
        };
        TerminologyList: {
            items: components["schemas"]["Terminology"][];
            next_cursor?: string | null;
        };
        TextRequest: {
            text: string;
        };
        TextSource: {
            /** @constant */
            kind: "text";
            notes: {
                date: string;
                id: components["schemas"]["Id"];
                /** @description Code points. */
                length: number;
                sha256: string;
                title: string;
            }[];
        };
        /** @description Ticks from the first sample of a recording, gaps counted. */
        Tick: number;
        /**
         * Format: date-time
         * @description RFC 3339, UTC, milliseconds.
         */
        Time: string;
        Token: {
            created_at: components["schemas"]["Time"];
            expires_at: components["schemas"]["Time"];
            id: components["schemas"]["Id"];
            /** Format: date-time */
            last_used_at: string | null;
            name: string;
            scopes: components["schemas"]["Scope"][];
            /** @description Only in the answer that made it. */
            token?: string;
        };
        TokenList: {
            items: components["schemas"]["Token"][];
            next_cursor: string | null;
            total?: number;
        };
        TokenRequest: {
            /** @description How long it holds; 90 when left out. */
            days?: number;
            name: string;
            scopes: components["schemas"]["Scope"][];
        };
        /** @description One thing that is wrong with what was sent; path is a JSON pointer. */
        Violation: {
            path: string;
            remedy: string;
            what: string;
        };
        VolumeHistogram: {
            bin_width: number;
            counts: number[];
            grid_id: string;
            /** @description Where the first bin begins. */
            low: number;
            /** @description The two thresholds between three classes; empty when there are none. */
            otsu_3: number[];
            /** @description By method: otsu, huang, li, triangle, isodata, max_entropy, intermodes, moments; values above it are the upper class. null where the method finds none. */
            thresholds: {
                [key: string]: number | null;
            };
            unit: string;
        };
        VolumeInfo: {
            /** @description Of a film: from its first frame. */
            frame_times_ms?: number[];
            grid: {
                /** @description Row-major 3x4: voxel (x, y, z) to mm in LPS. */
                affine: number[];
                dims: number[];
                frame_of_reference: string;
            };
            grid_id: string;
            /** @description False where the images have no place in the patient. */
            has_patient_geometry?: boolean;
            layout: {
                columns: number;
                photometric: string;
                rows: number;
                /** @enum {string} */
                sample_type: "u8" | "i8" | "u16" | "i16" | "u32" | "i32" | "f32" | "f64";
                samples_per_pixel: number;
            };
            slices: {
                frame: number;
                instance_uid: string;
                position_mm: number[];
            }[];
            spacing_mm: number[];
            /** @description Of PET: what a value is multiplied by to be SUVbw, or why that is not known. */
            suv?: {
                factor?: number;
                refused?: string;
            };
            transform: {
                intercept: number;
                slope: number;
                unit: string;
            };
            windows: {
                centre: number;
                name: string;
                width: number;
            }[];
        };
        /** @description An object that was received and could not be taken in, and why: labels are kept until their images come, an image that a sender was told to be kept until somebody tries it again or discards it. Its kind is the labels' (SEG, RTSTRUCT, SR, PR) or the image's modality. */
        WaitingObject: {
            code: string;
            file_number: number;
            /** @enum {string} */
            holds: "labels" | "image";
            kind: string;
            remedy: string;
            what: string;
            where: string;
        };
        WholeTarget: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "whole";
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    list_audit_events: {
        parameters: {
            query?: {
                /** @description The next_cursor of the page before */
                cursor?: string;
                /** @description Not before */
                from?: string;
                /** @description Only this item */
                item?: string;
                /** @description At most so many; 50 when left out */
                limit?: number;
                /** @description Only what this person did */
                person?: string;
                /** @description Only this project */
                project?: string;
                /** @description Before */
                to?: string;
                /** @description Only this type of event */
                type?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditEventList"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_audit_heads: {
        parameters: {
            query?: {
                /** @description The next_cursor of the page before */
                cursor?: string;
                /** @description At most so many; 50 when left out */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditHeadList"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    verify_audit: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditVerification"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    stream_events: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_link: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                token: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Link"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    use_link: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                token: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LinkRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_my_password: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordRequest"];
            };
        };
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_my_sign_ins: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignInList"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revoke_my_sign_in: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                sign_in_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_my_tokens: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenList"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_my_token: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TokenRequest"];
            };
        };
        responses: {
            /** @description Done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Token"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revoke_my_token: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                token_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_openapi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenApiDocument"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_people: {
        parameters: {
            query?: {
                /** @description The next_cursor of the page before */
                cursor?: string;
                /** @description At most so many; 50 when left out */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PersonList"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_person: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                person_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PersonRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PersonAnswer"];
                };
            };
            /** @description Done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PersonAnswer"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    disable_person: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                person_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PersonAnswer"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    enable_person: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                person_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PersonAnswer"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reset_person: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                person_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LinkAnswer"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_projects: {
        parameters: {
            query?: {
                /** @description The next_cursor of the page before */
                cursor?: string;
                /** @description At most so many; 50 when left out */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectList"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_project: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_project: {
        parameters: {
            query?: never;
            header?: {
                /** @description "N": the revision that this replaces */
                "If-Match"?: string;
                /** @description *: there is none yet */
                "If-None-Match"?: string;
            };
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProjectRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            /** @description Done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Somebody changed it meanwhile; the stored one is in current */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    search_concepts: {
        parameters: {
            query: {
                /** @description Id of the attribute, question or label that they answer */
                answer: string;
                /** @description At most so many; 20 when left out */
                limit?: number;
                /** @description Words in any order, cut short, with one typing error; or a code */
                text: string;
            };
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConceptList"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_exports: {
        parameters: {
            query?: {
                /** @description The next_cursor of the page before */
                cursor?: string;
                /** @description At most so many; 50 when left out */
                limit?: number;
            };
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExportList"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_export: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                export_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Export"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_export: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                export_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExportRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Export"];
                };
            };
            /** @description Done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Export"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_export_file: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                export_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/zip": string;
                };
            };
            /** @description Done */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/zip": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_imports: {
        parameters: {
            query?: {
                /** @description The next_cursor of the page before */
                cursor?: string;
                /** @description At most so many; 50 when left out */
                limit?: number;
            };
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportList"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_import: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                import_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Import"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_import: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                import_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ImportRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Import"];
                };
            };
            /** @description Done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Import"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_import_file: {
        parameters: {
            query?: {
                /** @description Relative name, as the sender has it; used for grouping, never shown or logged */
                path?: string;
            };
            header?: never;
            path: {
                file_number: number;
                import_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportFile"];
                };
            };
            /** @description Done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportFile"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    finish_import: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                import_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Import"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    discard_waiting_object: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                file_number: number;
                import_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    try_waiting_object: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                file_number: number;
                import_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RetryRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Import"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_items: {
        parameters: {
            query?: {
                /** @description The next_cursor of the page before */
                cursor?: string;
                /** @description Only this kind */
                kind?: "image" | "text" | "signal";
                /** @description At most so many; 50 when left out */
                limit?: number;
                /** @description Only what I have in this state */
                mine?: "none" | "assigned" | "leased" | "draft" | "submitted" | "skipped";
                /** @description Which way */
                order?: "asc" | "desc";
                /** @description Number, title or pseudonym contains */
                q?: string;
                /** @description By what */
                sort?: "number" | "date" | "state" | "pseudonym" | "updated";
                /** @description Only this state */
                state?: "available" | "in_progress" | "submitted" | "skipped" | "done";
            };
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemList"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_item: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                item_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemDetail"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_adjudication: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                item_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AdjudicationRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemOpinions"];
                };
            };
            /** @description Done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemOpinions"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_adjudication_draft: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                item_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AdjudicationDraftRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdjudicationDraft"];
                };
            };
            /** @description Done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdjudicationDraft"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_adjudication_draft: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                item_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemOpinions"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    submit_adjudication_draft: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                item_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AdjudicationDraftSubmission"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemOpinions"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_alike: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                item_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlikeList"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    mark_alike: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                item_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AlikeRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlikeMarked"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    unmark_alike: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                annotation_id: string;
                item_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_annotations: {
        parameters: {
            query?: {
                /** @description The next_cursor of the page before */
                cursor?: string;
                /** @description At most so many; 50 when left out */
                limit?: number;
                /** @description Whose: mine, or all as far as blinding allows */
                rater?: "me" | "all";
            };
            header?: never;
            path: {
                item_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AnnotationList"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_annotation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                annotation_id: string;
                item_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Annotation"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_annotation: {
        parameters: {
            query?: never;
            header?: {
                /** @description "N": the revision that this replaces */
                "If-Match"?: string;
                /** @description *: there is none yet */
                "If-None-Match"?: string;
            };
            path: {
                annotation_id: string;
                item_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AnnotationRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Annotation"];
                };
            };
            /** @description Done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Annotation"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Somebody changed it meanwhile; the stored one is in current */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_annotation: {
        parameters: {
            query?: never;
            header?: {
                /** @description "N": the revision that this replaces */
                "If-Match"?: string;
                /** @description *: there is none yet */
                "If-None-Match"?: string;
            };
            path: {
                annotation_id: string;
                item_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Annotation"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Somebody changed it meanwhile; the stored one is in current */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_annotation_revisions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                annotation_id: string;
                item_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AnnotationList"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    bulk_annotations: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                item_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BulkRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkAnswer"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_masks: {
        parameters: {
            query?: {
                /** @description Whose: mine, or all as far as blinding allows */
                rater?: "me" | "all";
            };
            header?: never;
            path: {
                item_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MaskList"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_bricks: {
        parameters: {
            query?: {
                /** @description Brick indices parted by commas, or all */
                indices?: string;
                /** @description 0 the exclusive layer, k the one of segment k; all when left out */
                layer?: number;
                /** @description Whose, by the key of get_opinions: A, B, ... */
                opinion?: string;
                /** @description Whose: me, or a rater's id as far as blinding allows */
                rater?: string;
            };
            header?: never;
            path: {
                grid_id: string;
                item_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    run_mask_operation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                grid_id: string;
                item_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MaskOperationRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancel_mask_operation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                grid_id: string;
                item_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_mask_patch: {
        parameters: {
            query?: {
                /** @description The revision this was drawn on; 0 for none */
                base_revision?: number;
                /** @description Layer of the patch; records name their own */
                layer?: number;
            };
            header?: never;
            path: {
                grid_id: string;
                item_id: string;
                patch_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MaskPatchAnswer"];
                };
            };
            /** @description Done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MaskPatchAnswer"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Somebody changed it meanwhile; the stored one is in current */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_mask_surface: {
        parameters: {
            query?: {
                /** @description Whose, by the key of get_opinions: A, B, ... */
                opinion?: string;
                /** @description Whose: me, or a rater's id as far as blinding allows */
                rater?: string;
                /** @description The segment's number; 1 when left out */
                segment?: number;
                /** @description Steps of smoothing, 0 to 100; 16 when left out */
                smoothing?: number;
            };
            header?: never;
            path: {
                grid_id: string;
                item_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_note_text: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                item_id: string;
                note_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain; charset=utf-8": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_opinions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                item_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemOpinions"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_question: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                item_id: string;
                project_id: string;
                question_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TextRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Question"];
                };
            };
            /** @description Done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Question"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_answer: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                item_id: string;
                project_id: string;
                question_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TextRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Question"];
                };
            };
            /** @description Done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Question"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cluster_beats: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                item_id: string;
                project_id: string;
                recording_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BeatClustersRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BeatClusters"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_signal_overview: {
        parameters: {
            query?: {
                /** @description Width */
                pixels?: number;
            };
            header?: never;
            path: {
                item_id: string;
                project_id: string;
                recording_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignalOverview"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_signal_window: {
        parameters: {
            query: {
                /** @description Channel indices parted by commas; all when left out */
                channels?: string;
                /** @description First tick */
                from: number;
                /** @description Width; samples come when they are no more than this */
                pixels: number;
                /** @description One past the last tick */
                to: number;
            };
            header?: never;
            path: {
                item_id: string;
                project_id: string;
                recording_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.consilium.signal-window": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_frames: {
        parameters: {
            query?: {
                /** @description How many; one when left out */
                count?: number;
                /** @description 0-based index of the first frame */
                from?: number;
            };
            header?: never;
            path: {
                item_id: string;
                project_id: string;
                series_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_image: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                index: number;
                item_id: string;
                project_id: string;
                series_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_suggestions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                item_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SuggestionList"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_suggested_labels: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                item_id: string;
                project_id: string;
                rater_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SuggestedLabelList"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    take_suggestion: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                item_id: string;
                project_id: string;
                rater_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SuggestionTaken"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    take_task: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                item_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Empty"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_thumbnail: {
        parameters: {
            query?: {
                /** @description Of this series; the first when left out */
                series?: string;
            };
            header?: never;
            path: {
                item_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/png": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_volume_histogram: {
        parameters: {
            query?: {
                /** @description At most so many bins, 2 to 4096; 256 when left out */
                bins?: number;
            };
            header?: never;
            path: {
                grid_id: string;
                item_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VolumeHistogram"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_members: {
        parameters: {
            query?: {
                /** @description The next_cursor of the page before */
                cursor?: string;
                /** @description At most so many; 50 when left out */
                limit?: number;
            };
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MemberList"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_member: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                person_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MemberRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Member"];
                };
            };
            /** @description Done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Member"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_member: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                person_id: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_note_tools: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NoteToolList"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_note_tool: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
                tool_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NoteTool"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_note_tool: {
        parameters: {
            query?: never;
            header?: {
                /** @description "N": the revision that this replaces */
                "If-Match"?: string;
                /** @description *: there is none yet */
                "If-None-Match"?: string;
            };
            path: {
                project_id: string;
                tool_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NoteToolRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NoteTool"];
                };
            };
            /** @description Done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NoteTool"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Somebody changed it meanwhile; the stored one is in current */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_note_tool: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
                tool_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_panel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Panel"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_panel_votes: {
        parameters: {
            query: {
                /** @description An id of the panel's units */
                unit: string;
                /** @description votes when left out; truths: item,label */
                what?: "votes" | "truths";
            };
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_protocol: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Protocol"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_protocol: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProtocolRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Protocol"];
                };
            };
            /** @description Done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Protocol"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_protocol_versions: {
        parameters: {
            query?: {
                /** @description The next_cursor of the page before */
                cursor?: string;
                /** @description At most so many; 50 when left out */
                limit?: number;
            };
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProtocolVersionList"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_questions: {
        parameters: {
            query?: {
                /** @description The next_cursor of the page before */
                cursor?: string;
                /** @description At most so many; 50 when left out */
                limit?: number;
            };
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QuestionList"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_review: {
        parameters: {
            query?: {
                /** @description The next_cursor of the page before */
                cursor?: string;
                /** @description At most so many; 50 when left out */
                limit?: number;
            };
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReviewList"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_signal_detectors: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignalDetectorList"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_signal_detector: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                detector: string;
                project_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SignalDetectorRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignalDetectorList"];
                };
            };
            /** @description Done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignalDetectorList"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_statistics: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Statistics"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    heartbeat_task: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Lease"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    release_task: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
                task_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Empty"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reopen_task: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
                task_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReasonRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    skip_task: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
                task_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReasonRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    submit_task: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
                task_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SubmitRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    assign_tasks: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AssignRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssignAnswer"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    take_next_task: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NextRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NextAnswer"];
                };
            };
            /** @description There is none */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sign_in: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SignInRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description Name or password is wrong */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sign_out: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_terminologies: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TerminologyList"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    load_terminology: {
        parameters: {
            query: {
                /** @description Found out when left out */
                format?: "rf2" | "icd10cm-order" | "icd10cm-tabular" | "loinc" | "rxnorm" | "obo" | "fhir";
                /** @description The file's name, by which its format is told */
                name: string;
                /** @description URI instead of the format's own */
                system?: string;
                /** @description Needed where the file does not say it */
                version?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description Done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Terminology"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_terminology: {
        parameters: {
            query: {
                /** @description URI of the code system or value set */
                system: string;
                /** @description As it was loaded */
                version?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_search_instances: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/dicom+json": Record<string, never>[];
                };
            };
            /** @description There is none */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_project_search_instances: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/dicom+json": Record<string, never>[];
                };
            };
            /** @description There is none */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_project_search_series: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/dicom+json": Record<string, never>[];
                };
            };
            /** @description There is none */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_project_search_studies: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/dicom+json": Record<string, never>[];
                };
            };
            /** @description There is none */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_project_store: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/dicom+json": Record<string, never>;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_project_get_study: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "multipart/related": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_project_store_in_study: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/dicom+json": Record<string, never>;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_project_search_study_instances: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/dicom+json": Record<string, never>[];
                };
            };
            /** @description There is none */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_project_get_study_metadata: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/dicom+json": Record<string, never>[];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_project_get_study_rendered: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_project_search_study_series: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/dicom+json": Record<string, never>[];
                };
            };
            /** @description There is none */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_project_get_series: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
                series_uid: string;
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "multipart/related": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_project_search_series_instances: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
                series_uid: string;
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/dicom+json": Record<string, never>[];
                };
            };
            /** @description There is none */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_project_get_instance: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
                series_uid: string;
                sop_uid: string;
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "multipart/related": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_project_get_bulkdata: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                place: string;
                project_id: string;
                series_uid: string;
                sop_uid: string;
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "multipart/related": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_project_get_frame_rendered: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                frame: string;
                project_id: string;
                series_uid: string;
                sop_uid: string;
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_project_get_frame_thumbnail: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                frame: string;
                project_id: string;
                series_uid: string;
                sop_uid: string;
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_project_get_frames: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                frames: string;
                project_id: string;
                series_uid: string;
                sop_uid: string;
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "multipart/related": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_project_get_instance_metadata: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
                series_uid: string;
                sop_uid: string;
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/dicom+json": Record<string, never>[];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_project_get_instance_rendered: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
                series_uid: string;
                sop_uid: string;
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_project_get_instance_thumbnail: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
                series_uid: string;
                sop_uid: string;
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_project_get_series_metadata: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
                series_uid: string;
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/dicom+json": Record<string, never>[];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_project_get_series_rendered: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
                series_uid: string;
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_project_get_series_thumbnail: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
                series_uid: string;
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_project_get_study_thumbnail: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_search_series: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/dicom+json": Record<string, never>[];
                };
            };
            /** @description There is none */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_search_studies: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/dicom+json": Record<string, never>[];
                };
            };
            /** @description There is none */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_store: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/dicom+json": Record<string, never>;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_get_study: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "multipart/related": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_store_in_study: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/dicom+json": Record<string, never>;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_search_study_instances: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/dicom+json": Record<string, never>[];
                };
            };
            /** @description There is none */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_get_study_metadata: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/dicom+json": Record<string, never>[];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_get_study_rendered: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_search_study_series: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/dicom+json": Record<string, never>[];
                };
            };
            /** @description There is none */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_get_series: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                series_uid: string;
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "multipart/related": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_search_series_instances: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                series_uid: string;
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/dicom+json": Record<string, never>[];
                };
            };
            /** @description There is none */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_get_instance: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                series_uid: string;
                sop_uid: string;
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "multipart/related": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_get_bulkdata: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                place: string;
                series_uid: string;
                sop_uid: string;
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "multipart/related": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_get_frame_rendered: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                frame: string;
                series_uid: string;
                sop_uid: string;
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_get_frame_thumbnail: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                frame: string;
                series_uid: string;
                sop_uid: string;
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_get_frames: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                frames: string;
                series_uid: string;
                sop_uid: string;
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "multipart/related": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_get_instance_metadata: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                series_uid: string;
                sop_uid: string;
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/dicom+json": Record<string, never>[];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_get_instance_rendered: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                series_uid: string;
                sop_uid: string;
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_get_instance_thumbnail: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                series_uid: string;
                sop_uid: string;
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_get_series_metadata: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                series_uid: string;
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/dicom+json": Record<string, never>[];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_get_series_rendered: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                series_uid: string;
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_get_series_thumbnail: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                series_uid: string;
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dicomweb_get_study_thumbnail: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                study_uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": string;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    fhir_lookup: {
        parameters: {
            query?: {
                /** @description The code that is asked about */
                code?: string;
                /** @description URI of the code system */
                system?: string;
                /** @description Of the code system; the one loaded last if left out */
                version?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/fhir+json": components["schemas"]["FhirParameters"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/fhir+json": components["schemas"]["OperationOutcome"];
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    fhir_post_lookup: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/fhir+json": components["schemas"]["FhirParameters"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/fhir+json": components["schemas"]["FhirParameters"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/fhir+json": components["schemas"]["OperationOutcome"];
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    fhir_code_system_validate: {
        parameters: {
            query?: {
                /** @description The code that is asked about */
                code?: string;
                /** @description What the code is called, to be judged too */
                display?: string;
                /** @description URI of the code system */
                url?: string;
                /** @description Of the code system; the one loaded last if left out */
                version?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/fhir+json": components["schemas"]["FhirParameters"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/fhir+json": components["schemas"]["OperationOutcome"];
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    fhir_post_code_system_validate: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/fhir+json": components["schemas"]["FhirParameters"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/fhir+json": components["schemas"]["FhirParameters"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/fhir+json": components["schemas"]["OperationOutcome"];
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    fhir_metadata: {
        parameters: {
            query?: {
                /** @description terminology, or left out */
                mode?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/fhir+json": components["schemas"]["FhirCapabilities"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/fhir+json": components["schemas"]["OperationOutcome"];
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    fhir_expand: {
        parameters: {
            query?: {
                /** @description Without concepts that are not used any more */
                activeOnly?: boolean;
                /** @description At most so many */
                count?: number;
                /** @description Words in any order, cut short, with one typing error */
                filter?: string;
                /** @description With all their names */
                includeDesignations?: boolean;
                /** @description How many concepts to pass over */
                offset?: number;
                /** @description URL of the value set, with |version or without */
                url?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/fhir+json": components["schemas"]["FhirValueSet"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/fhir+json": components["schemas"]["OperationOutcome"];
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    fhir_post_expand: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/fhir+json": components["schemas"]["FhirParameters"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/fhir+json": components["schemas"]["FhirValueSet"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/fhir+json": components["schemas"]["OperationOutcome"];
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    fhir_value_set_validate: {
        parameters: {
            query?: {
                /** @description The code that is asked about */
                code?: string;
                /** @description What the code is called, to be judged too */
                display?: string;
                /** @description Whether a code without its system may be found in any */
                inferSystem?: boolean;
                /** @description URI of the code system */
                system?: string;
                /** @description Of the code system */
                systemVersion?: string;
                /** @description URL of the value set, with |version or without */
                url?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/fhir+json": components["schemas"]["FhirParameters"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/fhir+json": components["schemas"]["OperationOutcome"];
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    fhir_post_value_set_validate: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/fhir+json": components["schemas"]["FhirParameters"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/fhir+json": components["schemas"]["FhirParameters"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Known, but the role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/fhir+json": components["schemas"]["OperationOutcome"];
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
