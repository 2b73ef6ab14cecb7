//! What the campaign calls with: random numbers, bytes that are right, nearly right and wrong, and texts.

use serde_json::json;

/// Numbers from a seed (SplitMix64).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = self.0;
        number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ number >> 31
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len() as u64) as usize]
    }
}

/// Bytes as a call gets them: what they are, whether the pointer is NULL, and the length that is claimed.
pub struct Given {
    bytes: Vec<u8>,
    is_null: bool,
    length: usize,
}

impl Given {
    pub fn pointer(&self) -> *const u8 {
        if self.is_null {
            std::ptr::null()
        } else {
            self.bytes.as_ptr()
        }
    }

    pub fn text(&self) -> *const std::ffi::c_char {
        self.pointer().cast()
    }

    pub fn length(&self) -> usize {
        self.length
    }
}

/// The stock of the campaign.
pub struct Material {
    documents: Vec<Vec<u8>>,
    ids: Vec<Vec<u8>>,
    filters: Vec<Vec<u8>>,
    updates: Vec<Vec<u8>>,
    requests: Vec<Vec<u8>>,
    cursors: Vec<Vec<u8>>,
    watches: Vec<Vec<u8>>,
    begins: Vec<Vec<u8>>,
    opens: Vec<Vec<u8>>,
    texts: Vec<Vec<u8>>,
    names: Vec<Vec<u8>>,
}

/// Which part of the stock.
#[derive(Clone, Copy)]
pub enum Sort {
    Document,
    Id,
    Filter,
    Update,
    Request,
    Cursor,
    Watch,
    Begin,
    Open,
    Json,
    Name,
}

fn packed(values: &[serde_json::Value]) -> Vec<Vec<u8>> {
    values
        .iter()
        .map(|value| rmp_serde::to_vec_named(value).unwrap())
        .collect()
}

impl Material {
    pub fn new() -> Material {
        let texts = [
            r#"{"op":"find","sort":{"_id":1}}"#,
            r#"{"_id":7}"#,
            "7",
            r#"{"op":"count"}"#,
            r#"{"$date":"2024-01-01T00:00:00Z"}"#,
            "[[[[",
            "\u{0}",
        ];
        Material {
            documents: packed(&[
                json!({}),
                json!({"_id": 1}),
                json!({"_id": 2, "a": {"b": [1, 2.5, null]}}),
                json!({"_id": "x", "t": "text"}),
                json!({"a": 1, "b": "two"}),
                json!({"_id": 9, "a": -5, "list": [[{"deep": true}]]}),
            ]),
            ids: packed(&[json!(1), json!(2), json!(9), json!("x"), json!(null), json!(1.5)]),
            filters: packed(&[
                json!({}),
                json!({"a": {"$gt": 0}}),
                json!({"_id": {"$in": [1, "x"]}}),
                json!({"$or": [{"a": 1}, {"t": {"$regex": "^t"}}]}),
                json!({"$expr": {"$gt": ["$a", 0]}}),
                json!({"a": {"$what": 1}}),
            ]),
            updates: packed(&[
                json!({"$set": {"a": 3}}),
                json!({"$inc": {"a": 1}}),
                json!({"$push": {"list": 1}}),
                json!({"$unset": {"t": 1}, "$rename": {"a": "c"}}),
                json!({"$what": 1}),
            ]),
            requests: packed(&[
                json!({"op": "count", "filter": {"a": 1}}),
                json!({"op": "distinct", "field": "a"}),
                json!({"op": "explain", "filter": {"a": 1}}),
                json!({"op": "findOne"}),
                json!({"op": "updateMany", "filter": {}, "update": {"$set": {"z": 1}}}),
                json!({"op": "deleteOne", "filter": {"a": 1}}),
                json!({"op": "createIndexes", "indexes": [{"key": {"a": 1}}]}),
                json!({"op": "dropIndexes"}),
                json!({"op": "listIndexes"}),
                json!({"op": "expireDocuments"}),
                json!({"op": "vanish"}),
            ]),
            cursors: packed(&[
                json!({"op": "find"}),
                json!({"op": "find", "filter": {"a": {"$gte": 0}}, "sort": {"a": -1}, "limit": 3}),
                json!({"op": "aggregate", "pipeline": [{"$group": {"_id": "$a", "n": {"$sum": 1}}}]}),
                json!({"op": "aggregate", "pipeline": [{"$documents": [{"a": 1}]}]}),
                json!({"op": "aggregate", "pipeline": [{"$out": "users"}]}),
            ]),
            watches: packed(&[
                json!({"op": "watch"}),
                json!({"op": "watch", "collection": "users", "fullDocument": true}),
                json!({"op": "watch", "resumeAfter": "nonsense"}),
            ]),
            begins: packed(&[
                json!({}),
                json!({"collections": ["users", "others"]}),
                json!({"anyThread": true, "durability": "disk"}),
                json!({"colour": 1}),
            ]),
            opens: packed(&[
                json!({"lockWait": 0, "ttlInterval": 0, "cacheSize": 1 << 20}),
                json!({"lockWait": 0, "ttlInterval": 0, "durability": "lazy"}),
                json!({"lockWait": 0, "readOnly": true}),
                json!({"lockWait": "long"}),
            ]),
            texts: texts.iter().map(|text| text.as_bytes().to_vec()).collect(),
            names: [&b"users"[..], b"others", b"", b"\xff", b"a/b", &[b'n'; 300]]
                .iter()
                .map(|name| name.to_vec())
                .collect(),
        }
    }

    fn stock(&self, sort: Sort) -> &[Vec<u8>] {
        match sort {
            Sort::Document => &self.documents,
            Sort::Id => &self.ids,
            Sort::Filter => &self.filters,
            Sort::Update => &self.updates,
            Sort::Request => &self.requests,
            Sort::Cursor => &self.cursors,
            Sort::Watch => &self.watches,
            Sort::Begin => &self.begins,
            Sort::Open => &self.opens,
            Sort::Json => &self.texts,
            Sort::Name => &self.names,
        }
    }

    /// Bytes of a sort: right two times in three, else of another sort, damaged, cut, garbage, or with a wrong length.
    pub fn give(&self, sort: Sort, random: &mut Random) -> Given {
        let mut bytes = random.pick(self.stock(sort)).clone();
        let mut length = None;
        let mut is_null = false;
        match random.below(24) {
            0 => bytes = (0..random.below(40)).map(|_| random.next() as u8).collect(),
            1 => bytes.truncate(random.below(bytes.len() as u64 + 1) as usize),
            2 | 3 if !bytes.is_empty() => {
                let at = random.below(bytes.len() as u64) as usize;
                bytes[at] ^= 1 << random.below(8);
            }
            4 => bytes = random.pick(&self.documents).clone(),
            5 => (is_null, length) = (true, Some(random.below(3) as usize)),
            6 => length = Some(*random.pick(&[usize::MAX, usize::MAX / 2 + 1, usize::MAX - 4096])),
            7 => bytes.extend_from_slice(&random.next().to_le_bytes()),
            _ => {}
        }
        let length = length.unwrap_or(bytes.len());
        Given {
            bytes,
            is_null,
            length,
        }
    }
}
