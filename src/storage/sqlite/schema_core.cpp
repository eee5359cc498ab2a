// The log, its signed heads, the wrapped data keys of patients, and what the store knows of itself.
#include "storage/sqlite/schema.hpp"

namespace consilium::storage::sqlite {

Area core_area() {
  return Area{
      .name = "core",
      .migrations =
          {
              {1, R"sql(
                CREATE TABLE events (
                  sequence INTEGER PRIMARY KEY,
                  at INTEGER NOT NULL,
                  type TEXT NOT NULL,
                  person TEXT NOT NULL,
                  project_id TEXT,
                  item_id TEXT,
                  patient_id TEXT,
                  body TEXT NOT NULL,   -- canonical JSON; all else in this row is a copy from it
                  hash BLOB NOT NULL,   -- SHA-256(hash of the event before || body)
                  leaf BLOB NOT NULL    -- SHA-256(0x00 || body), RFC 9162 2.1.1
                ) STRICT;
                CREATE INDEX events_by_project ON events (project_id, sequence)
                  WHERE project_id IS NOT NULL;
                CREATE INDEX events_by_item ON events (item_id, sequence) WHERE item_id IS NOT NULL;
                CREATE INDEX events_by_patient ON events (patient_id, sequence)
                  WHERE patient_id IS NOT NULL;

                CREATE TABLE heads (
                  tree_size INTEGER PRIMARY KEY,
                  at INTEGER NOT NULL,
                  root BLOB NOT NULL,
                  last_hash BLOB NOT NULL,
                  signature BLOB NOT NULL
                ) STRICT;

                -- One row: the peaks of the Merkle tree, so that a start need not read every leaf.
                CREATE TABLE log_tail (
                  one INTEGER PRIMARY KEY CHECK (one = 1),
                  tree_size INTEGER NOT NULL,
                  last_hash BLOB NOT NULL,
                  peaks BLOB NOT NULL
                ) STRICT;

                -- `wrapped` is null once the patient was erased: no new key is ever made then.
                CREATE TABLE patient_keys (
                  patient_id TEXT PRIMARY KEY,
                  made_at INTEGER NOT NULL,
                  erased_at INTEGER,
                  wrapped BLOB
                ) STRICT, WITHOUT ROWID;
              )sql"},
          },
      .projections =
          {
              {"store.created", {}},
              {"patient.erased", {}},
          },
      .queries =
          {
              {"core.savepoint_write", "SAVEPOINT write"},
              {"core.release_write", "RELEASE write"},
              {"core.savepoint_event", "SAVEPOINT event"},
              {"core.release_event", "RELEASE event"},
              {"core.begin_read", "BEGIN"},
              {"core.end_read", "COMMIT"},
              {"core.take_snapshot", "SELECT 1 AS one FROM log_tail"},
              {"core.insert_event",
               "INSERT INTO events (sequence, at, type, person, project_id, item_id, patient_id, "
               "body, hash, leaf) VALUES (:sequence, :at, :type, :person, :project_id, :item_id, "
               ":patient_id, :body, :hash, :leaf)"},
              {"core.insert_head",
               "INSERT INTO heads (tree_size, at, root, last_hash, signature) "
               "VALUES (:tree_size, :at, :root, :last_hash, :signature)"},
              {"core.replace_tail",
               "INSERT INTO log_tail (one, tree_size, last_hash, peaks) VALUES (1, :tree_size, "
               ":last_hash, :peaks) ON CONFLICT (one) DO UPDATE SET tree_size = "
               "excluded.tree_size, "
               "last_hash = excluded.last_hash, peaks = excluded.peaks"},
              {"core.tail", "SELECT tree_size, last_hash, peaks FROM log_tail"},
              {"core.log_size", "SELECT ifnull(max(sequence), 0) AS sequence FROM events"},
              {"core.insert_key",
               "INSERT INTO patient_keys (patient_id, made_at, wrapped) VALUES (:patient_id, :at, "
               ":wrapped)"},
              {"core.key",
               "SELECT wrapped, erased_at FROM patient_keys WHERE patient_id = :patient_id"},
              {"core.erase_key",
               "INSERT INTO patient_keys (patient_id, made_at, erased_at, wrapped) VALUES "
               "(:patient_id, :at, :at, NULL) ON CONFLICT (patient_id) DO UPDATE SET "
               "wrapped = NULL, erased_at = ifnull(erased_at, :at)"},
              // For the audit view and the checks.
              {"core.events",
               "SELECT sequence, at, type, person, project_id, item_id, patient_id, body, hash, "
               "leaf FROM events WHERE sequence > :after ORDER BY sequence LIMIT :limit"},
              {"core.events_filtered",
               "SELECT sequence, at, type, person, project_id, item_id, patient_id, body, hash "
               "FROM events WHERE sequence < :before "
               "AND (:project_id IS NULL OR project_id = :project_id) "
               "AND (:item_id IS NULL OR item_id = :item_id) "
               "AND (:person IS NULL OR person = :person) "
               "AND (:type IS NULL OR type = :type) "
               "AND (:from IS NULL OR at >= :from) AND (:to IS NULL OR at < :to) "
               "ORDER BY sequence DESC LIMIT :limit"},
              {"core.heads",
               "SELECT tree_size, at, root, last_hash, signature FROM heads "
               "WHERE tree_size > :after ORDER BY tree_size LIMIT :limit"},
              {"core.newest_heads",
               "SELECT tree_size, at, root, last_hash, signature FROM heads "
               "ORDER BY tree_size DESC LIMIT :limit"},
              {"core.leaves",
               "SELECT leaf FROM events WHERE sequence > :after AND sequence <= :to "
               "ORDER BY sequence"},
          },
  };
}

}  // namespace consilium::storage::sqlite
