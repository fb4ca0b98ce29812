//! The claims of a source, or of a shard of it: who may send what, decided in one place (`dedup = "exact"`).
//!
//! A table for each generation, and the one before it beside: a claim holds for as long as its generation lasts, and once more.
//! What is older is dropped as a whole, which costs no row. A new event is one row written, a duplicate none; nothing runs
//! between the calls, so that an idle object costs nothing.

use std::cell::RefCell;

use edgetally_core::base::members::{list_of, text};
use edgetally_core::dedup::Claim;
use edgetally_core::dedup::exact::{Generation, Question, Row};
use serde_json::{Value, json};
use worker::wasm_bindgen::JsValue;
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

use crate::runtime::{self, Unavailable};

/// The object.
#[durable_object]
pub struct Claims {
    storage: JsValue,
    /// The tables that are there, the oldest first; nothing until they have been looked for.
    tables: RefCell<Option<Vec<Generation>>>,
}

impl std::fmt::Debug for Claims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Claims")
    }
}

impl DurableObject for Claims {
    fn new(state: State, _env: Env) -> Self {
        let storage = state._inner().storage();
        Self {
            storage: storage.map(JsValue::from).unwrap_or_default(),
            tables: RefCell::default(),
        }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let body = request.text().await?;
        // From here on there is no await: nobody else is asked meanwhile, and what is written is one transaction.
        match self.answer(&body) {
            Ok(text) => Response::ok(text),
            Err(Unavailable) => {
                self.tables.replace(None);
                Response::error("the claims could not be read or written", 500)
            }
        }
    }
}

impl Claims {
    fn answer(&self, question: &str) -> std::result::Result<String, Unavailable> {
        let question = Question::read(question).ok_or(Unavailable)?;
        let keys = question.keys();
        let current = Generation::current(question.days, runtime::now());
        let rows = if keys.is_empty() {
            Vec::new()
        } else {
            let tables = self.generations(current)?;
            self.rows(&tables, &json!([runtime::json(&json!(keys))]))?
        };
        let answer = question.answer(rows, current);
        let mut written = 0;
        let result = runtime::transaction(&self.storage, &mut || {
            let done = self.write(&answer.changed);
            written = *done.as_ref().unwrap_or(&0);
            done.is_ok()
        });
        result?;
        Ok(answer.to_text(written))
    }

    /// The generations that count. One that begins gets its table, and what is out of date is dropped.
    fn generations(
        &self,
        current: Generation,
    ) -> std::result::Result<Vec<Generation>, Unavailable> {
        let mut known = self.tables.borrow_mut();
        let tables = match known.take() {
            Some(tables) => tables,
            None => {
                let names = runtime::lists(
                    &self.storage,
                    "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'g*'",
                    &json!([]),
                )?;
                let names: Vec<Vec<Value>> =
                    serde_json::from_str(&names).map_err(|_| Unavailable)?;
                let names = names.into_iter().flatten().filter_map(text);
                names.filter_map(|name| Generation::read(&name)).collect()
            }
        };
        let now = runtime::now();
        let (mut kept, gone): (Vec<Generation>, Vec<Generation>) =
            tables.into_iter().partition(|one| one.holds(now));
        for one in gone {
            let drop = format!("DROP TABLE IF EXISTS {}", one.name());
            runtime::rows(&self.storage, &drop, &json!([]))?;
        }
        if !kept.contains(&current) {
            let make = format!(
                "CREATE TABLE IF NOT EXISTS {} (k BLOB PRIMARY KEY, c TEXT NOT NULL) WITHOUT ROWID",
                current.name()
            );
            runtime::rows(&self.storage, &make, &json!([]))?;
            kept.push(current);
        }
        kept.sort_unstable();
        *known = Some(kept.clone());
        Ok(kept)
    }

    /// What the tables hold under keys, the oldest first.
    fn rows(
        &self,
        tables: &[Generation],
        keys: &Value,
    ) -> std::result::Result<Vec<Row>, Unavailable> {
        let mut rows = Vec::new();
        for generation in tables {
            let query = format!(
                "SELECT lower(hex(k)), c FROM {} WHERE k IN (SELECT unhex(value) FROM json_each(?))",
                generation.name()
            );
            let found = runtime::lists(&self.storage, &query, keys)?;
            let found: Value = serde_json::from_str(&found).map_err(|_| Unavailable)?;
            let pair = |row: Value| <[String; 2]>::try_from(list_of(row, text)?).ok();
            for [key, claim] in list_of(found, pair).ok_or(Unavailable)? {
                rows.push(Row {
                    generation: *generation,
                    key,
                    claim: Claim::parse(&claim),
                });
            }
        }
        Ok(rows)
    }

    /// Writes rows, and takes away those that claim nothing any more. Gives how many that were.
    fn write(&self, changed: &[Row]) -> std::result::Result<u32, Unavailable> {
        let mut tables: Vec<Generation> = changed.iter().map(|row| row.generation).collect();
        tables.sort_unstable();
        tables.dedup();
        let mut written = 0;
        for table in tables {
            let of = || changed.iter().filter(|row| row.generation == table);
            let kept = of().filter(|row| !row.claim.is_empty());
            let kept: Vec<[String; 2]> = kept
                .map(|row| [row.key.clone(), row.claim.to_text()])
                .collect();
            let gone = of().filter(|row| row.claim.is_empty());
            let gone: Vec<&str> = gone.map(|row| row.key.as_str()).collect();
            if !kept.is_empty() {
                let query = format!(
                    "INSERT INTO {} (k, c) SELECT unhex(value ->> 0), value ->> 1 FROM json_each(?) WHERE true
                     ON CONFLICT (k) DO UPDATE SET c = excluded.c",
                    table.name()
                );
                let list = json!([runtime::json(&json!(kept))]);
                written += runtime::written(&self.storage, &query, &list)?;
            }
            if !gone.is_empty() {
                let query = format!(
                    "DELETE FROM {} WHERE k IN (SELECT unhex(value) FROM json_each(?))",
                    table.name()
                );
                let list = json!([runtime::json(&json!(gone))]);
                written += runtime::written(&self.storage, &query, &list)?;
            }
        }
        Ok(written)
    }
}
