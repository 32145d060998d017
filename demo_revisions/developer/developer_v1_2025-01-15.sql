-- Demo Data Export
-- Scenario: developer
-- Generated: 2025-01-15 10:30:00
-- Version: v1_2025-01-15
-- Total Fragments: 48
-- Format: 1 (sqlite)
--
-- Table definitions
-- [
-- {"table":"vaults","rows":2,"columns":[
--   {"name":"id","type":"INTEGER","nullable":false},
--   {"name":"name","type":"VARCHAR(120)","nullable":false},
--   {"name":"slug","type":"VARCHAR(120)","nullable":false},
--   {"name":"description","type":"TEXT"},
--   {"name":"metadata","type":"JSON"},
--   {"name":"created_at","type":"DATETIME"},
--   {"name":"updated_at","type":"DATETIME"}],"key":["id"],"unique":[["slug"]]},
-- {"table":"projects","rows":3,"columns":[
--   {"name":"id","type":"INTEGER","nullable":false},
--   {"name":"name","type":"VARCHAR(120)","nullable":false},
--   {"name":"description","type":"TEXT"},
--   {"name":"status","type":"VARCHAR(20)","nullable":false},
--   {"name":"vault_id","type":"INTEGER","nullable":false},
--   {"name":"metadata","type":"JSON"},
--   {"name":"created_at","type":"DATETIME"},
--   {"name":"updated_at","type":"DATETIME"}],"key":["id"],"foreign_keys":[{"columns":["vault_id"],"table":"vaults","referred_columns":["id"],"name":"fk_projects_vault_id"}]},
-- {"table":"fragments","rows":48,"columns":[
--   {"name":"id","type":"INTEGER","nullable":false},
--   {"name":"type","type":"VARCHAR(40)","nullable":false},
--   {"name":"title","type":"VARCHAR(255)"},
--   {"name":"message","type":"TEXT","nullable":false},
--   {"name":"tags","type":"JSON"},
--   {"name":"relationships","type":"JSON"},
--   {"name":"metadata","type":"JSON"},
--   {"name":"state","type":"JSON"},
--   {"name":"vault","type":"VARCHAR(120)"},
--   {"name":"project_id","type":"INTEGER"},
--   {"name":"inbox_status","type":"VARCHAR(20)"},
--   {"name":"inbox_at","type":"DATETIME"},
--   {"name":"created_at","type":"DATETIME"},
--   {"name":"updated_at","type":"DATETIME"}],"key":["id"],"foreign_keys":[{"columns":["project_id"],"table":"projects","referred_columns":["id"],"name":"fk_fragments_project_id"}]},
-- {"table":"chat_sessions","rows":4,"columns":[
--   {"name":"id","type":"INTEGER","nullable":false},
--   {"name":"title","type":"VARCHAR(255)","nullable":false},
--   {"name":"messages","type":"JSON"},
--   {"name":"message_count","type":"INTEGER","nullable":false},
--   {"name":"last_activity_at","type":"DATETIME"},
--   {"name":"metadata","type":"JSON"},
--   {"name":"created_at","type":"DATETIME"},
--   {"name":"updated_at","type":"DATETIME"}],"key":["id"]},
-- {"table":"contacts","rows":6,"columns":[
--   {"name":"id","type":"INTEGER","nullable":false},
--   {"name":"name","type":"VARCHAR(120)","nullable":false},
--   {"name":"role","type":"VARCHAR(120)"},
--   {"name":"company","type":"VARCHAR(120)"},
--   {"name":"email","type":"VARCHAR(255)"},
--   {"name":"phone","type":"VARCHAR(40)"},
--   {"name":"metadata","type":"JSON"},
--   {"name":"created_at","type":"DATETIME"},
--   {"name":"updated_at","type":"DATETIME"}],"key":["id"]},
-- {"table":"todos","rows":30,"columns":[
--   {"name":"id","type":"INTEGER","nullable":false},
--   {"name":"fragment_id","type":"INTEGER","nullable":false},
--   {"name":"title","type":"VARCHAR(255)","nullable":false},
--   {"name":"state","type":"JSON"}],"key":["id"],"foreign_keys":[{"columns":["fragment_id"],"table":"fragments","referred_columns":["id"],"name":"fk_todos_fragment_id"}]}
-- ]

.bail on
PRAGMA foreign_keys = OFF;
BEGIN IMMEDIATE;

-- Cleanup existing demo data
DELETE FROM todos WHERE fragment_id IN (SELECT id FROM fragments WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='developer') ELSE 0 END);
DELETE FROM contacts WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='developer') ELSE 0 END;
DELETE FROM chat_sessions WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='developer') ELSE 0 END;
DELETE FROM fragments WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='developer') ELSE 0 END;
DELETE FROM projects WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='developer') ELSE 0 END;
DELETE FROM vaults WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='developer') ELSE 0 END;

-- Vaults
INSERT INTO vaults (id,name,slug,description,metadata,created_at,updated_at) VALUES
(2001,'Platform Team','platform-team','Services, databases & the pager','{"demo_seed": true, "scenario": "developer"}','2025-01-15 10:00:00','2025-01-15 10:00:00'),
(2003,'Open Source','open-source','Evenings and weekends; README says "contributions welcome"','{"demo_seed": true, "scenario": "developer"}','2025-01-15 10:00:00','2025-01-15 10:00:00');

-- Projects
INSERT INTO projects (id,name,description,status,vault_id,metadata,created_at,updated_at) VALUES
(2001,'Billing Service v3','Split the invoice job out of the monolith; no downtime','active',2001,'{"demo_seed": true, "scenario": "developer"}','2025-01-15 10:00:00','2025-01-15 10:00:00'),
(2003,'Database Upgrade','PostgreSQL 13 -> 17
MariaDB 10.5 -> 11.4; one weekend each
','planning',2001,'{"demo_seed": true, "scenario": "developer"}','2025-01-15 10:00:00','2025-01-15 10:00:00'),
(2004,'tinycsv','A CSV parser in 400 lines; 100% branch coverage','active',2003,'{"demo_seed": true, "scenario": "developer"}','2025-01-15 10:00:00','2025-01-15 10:00:00');

-- Fragments
INSERT INTO fragments (id,type,title,message,tags,relationships,metadata,state,vault,project_id,inbox_status,inbox_at,created_at,updated_at) VALUES
(2001,'todo','Find the query that scans all invoices','TODO: Find the query that scans all invoices

EXPLAIN ANALYZE
SELECT * FROM invoices WHERE lower(email) = lower(:email) AND total::numeric > 100;
-- Seq Scan on invoices (actual time=0.02..4180.31 rows=3 loops=1)
','["demo", "platform-team", "sql", "performance"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "developer"}','{"status": "open", "priority": "high"}','platform-team',2001,'accepted','2025-01-15 08:30:00','2025-01-15 08:30:00','2025-01-15 08:30:00'),
(2002,'todo','Stop building SQL by hand in report.py','TODO: Stop building SQL by hand in report.py: cursor.execute("... WHERE name = ''%s''" % name); hello, O''Reilly','["demo", "platform-team", "sql", "security"]','[{"type": "mentions", "contact_id": 2003}]','{"demo_seed": true, "demo_category": "todo", "scenario": "developer"}','{"status": "in_progress", "priority": "high"}','platform-team',2001,'accepted','2025-01-14 21:55:00','2025-01-14 21:55:00','2025-01-14 21:55:00'),
(2003,'todo','Add an idempotency key to POST /invoices','TODO: Add an idempotency key to POST /invoices','["demo", "platform-team", "api"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "developer"}','{"status": "open", "priority": "high", "estimate_hours": 5.25}','platform-team',2001,'accepted','2025-01-14 20:13:00','2025-01-14 20:13:00','2025-01-14 20:13:00'),
(2005,'todo','Handle the customer called ''; DROP TABLE invoices; --','TODO: Handle the customer called ''; DROP TABLE invoices; --
Nothing broke; the PDF just looks odd. Keep him as a test case 😇
','["demo", "platform-team", "testing", "security"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "developer"}','{"status": "open", "priority": "medium"}','platform-team',2001,'accepted','2025-01-14 18:24:00','2025-01-14 18:24:00','2025-01-14 18:24:00'),
(2006,'todo','Round half even, everywhere','TODO: Round half even, everywhere: 2.675 * 100 is 267.49999999999994; use decimals','["demo", "platform-team", "money", "bug"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "developer"}','{"status": "in_progress", "priority": "high", "examples": [0.1, 2.675, 1e-07, 12345678901234567]}','platform-team',2001,'accepted','2025-01-14 16:28:00','2025-01-14 16:28:00','2025-01-14 16:28:00'),
(2007,'todo','Make the retry budget configurable','TODO: Make the retry budget configurable: ${RETRIES:-3}, {{ retries }}, or %(retries)s; pick ONE','["demo", "platform-team", "config"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "developer"}','{"status": "open", "priority": "low"}','platform-team',2001,'accepted','2025-01-14 14:48:00','2025-01-14 14:48:00','2025-01-14 14:48:00'),
(2008,'todo','Move the invoice templates out of the repository root','TODO: git mv templates\invoice.tpl billing\templates\ (yes, somebody committed backslashes)','["demo", "platform-team", "housekeeping"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "developer"}','{"status": "open", "priority": "low"}','platform-team',2001,'accepted','2025-01-14 13:01:00','2025-01-14 13:01:00','2025-01-14 13:01:00'),
(2009,'todo','Write the runbook for a stuck queue','TODO: Write the runbook for a stuck queue
	$ queuectl status | grep -v ''^#''
	$ queuectl drain --older-than 15m && echo "done; $?"
If it hangs: Ctrl-\
','["demo", "platform-team", "docs", "oncall"]','[{"type": "mentions", "contact_id": 2001}]','{"demo_seed": true, "demo_category": "todo", "scenario": "developer"}','{"status": "open", "priority": "medium"}','platform-team',2001,'accepted','2025-01-14 11:07:00','2025-01-14 11:07:00','2025-01-14 11:07:00'),
(2011,'todo','Silence the alert that nobody reads','TODO: Silence the alert that nobody reads','["demo", "platform-team", "oncall"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "developer"}','{"status": "done", "priority": "low", "done_at": "2025-01-13"}','platform-team',NULL,'accepted','2025-01-14 09:29:00','2025-01-14 09:29:00','2025-01-14 09:29:00'),
(2012,'todo','Give the staging database realistic names','TODO: Give the staging database realistic names: Zoë, 李雷, Нина, O''Connor, Jean-Luc, "Bobby", null','["demo", "platform-team", "testing", "i18n"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "developer"}','{"status": "open", "priority": "medium"}','platform-team',2001,'accepted','2025-01-14 07:44:00','2025-01-14 07:44:00','2025-01-14 07:44:00'),
(2013,'todo','Remove the feature flag new_totals','TODO: Remove the feature flag new_totals','["demo", "platform-team", "cleanup"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "developer"}','{"status": "blocked", "priority": "low", "blocked_by": {"team": "finance", "since": "2025-01-02"}}','platform-team',2001,'accepted','2025-01-13 21:52:00','2025-01-13 21:52:00','2025-01-13 21:52:00'),
(2014,'todo','Rehearse the upgrade on a copy','TODO: Rehearse the upgrade on a copy; measure it; then double the number','["demo", "platform-team", "database"]','[{"type": "mentions", "contact_id": 2002}]','{"demo_seed": true, "demo_category": "todo", "scenario": "developer"}','{"status": "open", "priority": "high"}','platform-team',2003,'accepted','2025-01-13 20:16:00','2025-01-13 20:16:00','2025-01-13 20:16:00'),
(2015,'todo','List the extensions we really use','TODO: List the extensions we really use: SELECT extname FROM pg_extension ORDER BY 1;','["demo", "platform-team", "database"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "developer"}','{"status": "done", "priority": "medium", "done_at": "2025-01-12"}','platform-team',2003,'accepted','2025-01-13 18:33:00','2025-01-13 18:33:00','2025-01-13 18:33:00'),
(2017,'todo','Check that COPY survives a backslash-dot','TODO: Check that COPY survives a backslash-dot
The text below is data, not the end of it:
\.
and \N is two characters; it isn''t NULL.
','["demo", "platform-team", "database", "testing"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "developer"}','{"status": "open", "priority": "high"}','platform-team',2003,'accepted','2025-01-13 16:43:00','2025-01-13 16:43:00','2025-01-13 16:43:00'),
(2018,'todo','Convert the last latin1 table to utf8mb4','TODO: Convert the last latin1 table to utf8mb4; "MÃ¼ller" must become "Müller", 🦆 must stay 🦆','["demo", "platform-team", "database", "i18n"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "developer"}','{"status": "open", "priority": "medium"}','platform-team',2003,'accepted','2025-01-13 14:46:00','2025-01-13 14:46:00','2025-01-13 14:46:00'),
(2019,'todo','Turn on NO_BACKSLASH_ESCAPES in staging','TODO: Turn on NO_BACKSLASH_ESCAPES in staging; then ''\n'' is \ and n, and ''it\''s'' is a syntax error','["demo", "platform-team", "database"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "developer"}','{"status": "open", "priority": "medium"}','platform-team',2003,'accepted','2025-01-13 13:05:00','2025-01-13 13:05:00','2025-01-13 13:05:00'),
(2020,'todo','Book the maintenance window','TODO: Book the maintenance window','["demo", "platform-team", "planning"]','[{"type": "mentions", "contact_id": 2005}]','{"demo_seed": true, "demo_category": "todo", "scenario": "developer"}','{"status": "open", "priority": "high", "due_at": "2025-01-22"}','platform-team',2003,'accepted','2025-01-13 11:17:00','2025-01-13 11:17:00','2025-01-13 11:17:00'),
(2021,'todo','Drop the unused index on events','TODO: DROP INDEX CONCURRENTLY "events_created_at_idx"; -- 14 GB, 0 scans since May','["demo", "platform-team", "database"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "developer"}','{"status": "open", "priority": "medium", "bytes": 15032385536}','platform-team',2003,'accepted','2025-01-13 09:22:00','2025-01-13 09:22:00','2025-01-13 09:22:00'),
(2023,'todo','Compare the two dumps line by line','TODO: Compare the two dumps line by line
--- a/schema.sql
+++ b/schema.sql
@@ -1,2 +1,2 @@
-  "total" numeric(10,2) DEFAULT 0.00 NOT NULL,
+  "total" numeric(12,2) DEFAULT 0.00 NOT NULL,
','["demo", "platform-team", "database", "review"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "developer"}','{"status": "in_progress", "priority": "low"}','platform-team',2003,'accepted','2025-01-13 07:43:00','2025-01-13 07:43:00','2025-01-13 07:43:00'),
(2024,'todo','Support doubled quotes inside quoted fields','TODO: Support doubled quotes inside quoted fields: "a ""b"" c";''d ''''e'''' f''','["demo", "open-source", "parser"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "developer"}','{"status": "done", "priority": "high", "done_at": "2025-01-11"}','open-source',2004,'accepted','2025-01-12 21:57:00','2025-01-12 21:57:00','2025-01-12 21:57:00'),
(2025,'todo','Reply to issue 42 politely','TODO: Reply to issue 42 politely ("doesn''t work, pls fix")','["demo", "open-source", "community"]','[{"type": "mentions", "contact_id": 2006}]','{"demo_seed": true, "demo_category": "todo", "scenario": "developer"}','{"status": "open", "priority": "medium"}','open-source',2004,'accepted','2025-01-12 20:04:00','2025-01-12 20:04:00','2025-01-12 20:04:00'),
(2026,'todo','Fuzz the parser for an hour','TODO: Fuzz the parser for an hour','["demo", "open-source", "testing"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "developer"}','{"status": "open", "priority": "medium"}','open-source',2004,'accepted','2025-01-12 18:27:00','2025-01-12 18:27:00','2025-01-12 18:27:00'),
(2027,'todo','Say what happens with an empty last line','TODO: Say what happens with an empty last line:

a,b

','["demo", "open-source", "docs"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "developer"}','{"status": "open", "priority": "low"}','open-source',2004,'accepted','2025-01-12 16:43:00','2025-01-12 16:43:00','2025-01-12 16:43:00'),
(2029,'todo','Publish release 0.9','TODO: Publish release 0.9
- [x] changelog
- [ ] tag
- [ ] 🎉','["demo", "open-source", "release"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "developer"}','{"status": "open", "priority": "high", "checklist": [{"item": "changelog", "done": true}, {"item": "tag", "done": false}]}','open-source',2004,'accepted','2025-01-12 14:52:00','2025-01-12 14:52:00','2025-01-12 14:52:00'),
(2030,'todo','Drop the last runtime dependency','TODO: Drop the last runtime dependency','["demo", "open-source", "cleanup"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "developer"}','{"status": "open", "priority": "low"}','open-source',2004,'accepted','2025-01-12 13:17:00','2025-01-12 13:17:00','2025-01-12 13:17:00'),
(2031,'todo','Add Persian and Hebrew to the sample files','TODO: Add Persian and Hebrew to the sample files: سلام، دنیا; שלום, עולם','["demo", "open-source", "i18n", "testing"]','[{"type": "mentions", "contact_id": 2007}]','{"demo_seed": true, "demo_category": "todo", "scenario": "developer"}','{"status": "open", "priority": "low"}','open-source',2004,'accepted','2025-01-12 11:35:00','2025-01-12 11:35:00','2025-01-12 11:35:00'),
(2032,'todo','Benchmark against the standard library','TODO: Benchmark against the standard library; 3x slower is fine, 30x isn''t','["demo", "open-source", "performance"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "developer"}','{"status": "open", "priority": "medium"}','open-source',2004,'accepted','2025-01-12 09:46:00','2025-01-12 09:46:00','2025-01-12 09:46:00'),
(2033,'todo','Explain the regular expression in lexer.py','TODO: Explain the regular expression in lexer.py: r"(?P<q>[''\"])(?:\\.|(?!(?P=q)).)*(?P=q)"','["demo", "open-source", "docs"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "developer"}','{"status": "open", "priority": "low"}','open-source',2004,'accepted','2025-01-12 07:50:00','2025-01-12 07:50:00','2025-01-12 07:50:00'),
(2035,'todo','Write to the sponsor','TODO: Write to the sponsor','["demo", "open-source", "community"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "developer"}','{"status": "open", "priority": "medium"}','open-source',NULL,'pending',NULL,'2025-01-11 21:10:00','2025-01-11 21:10:00'),
(2036,'todo','Sleep before midnight on release day','TODO: Sleep before midnight on release day','["demo", "open-source", "habits"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "developer"}','{"status": "dismissed", "priority": "low"}','open-source',NULL,'skipped','2025-01-11 19:23:00','2025-01-11 19:23:00','2025-01-11 19:23:00'),
(2037,'contact','Anika Schröder','On call in even weeks. "If it''s DNS, call me; it''s DNS."','["demo", "platform-team", "oncall"]','[{"type": "describes", "contact_id": 2001}]','{"demo_seed": true, "demo_category": "contact", "scenario": "developer"}',NULL,'platform-team',NULL,'accepted','2025-01-15 09:00:00','2025-01-15 09:00:00','2025-01-15 09:00:00'),
(2038,'contact','Carlos Núñez','Never types DELETE before WHERE:
BEGIN; -- then think
','["demo", "platform-team", "database"]','[{"type": "describes", "contact_id": 2002}]','{"demo_seed": true, "demo_category": "contact", "scenario": "developer"}',NULL,'platform-team',NULL,'accepted','2025-01-14 21:10:00','2025-01-14 21:10:00','2025-01-14 21:10:00'),
(2039,'contact','Ifeoma Eze','Her favourite user name: <script>alert("hi & bye")</script>','["demo", "platform-team", "security"]','[{"type": "describes", "contact_id": 2003}]','{"demo_seed": true, "demo_category": "contact", "scenario": "developer"}',NULL,'platform-team',NULL,'accepted','2025-01-14 18:13:00','2025-01-14 18:13:00','2025-01-14 18:13:00'),
(2041,'contact','Lars O''Dwyer','No maintenance in the last 3 days of a month. 100% serious.','["demo", "platform-team", "planning"]','[{"type": "describes", "contact_id": 2005}]','{"demo_seed": true, "demo_category": "contact", "scenario": "developer"}',NULL,'platform-team',NULL,'accepted','2025-01-14 15:09:00','2025-01-14 15:09:00','2025-01-14 15:09:00'),
(2042,'contact','山本 さくら','最初のプルリクエスト：引用符の修正。Her first pull request fixed the quotes 🌸','["demo", "open-source", "community"]','[{"type": "describes", "contact_id": 2006}]','{"demo_seed": true, "demo_category": "contact", "scenario": "developer"}',NULL,'open-source',NULL,'accepted','2025-01-14 11:58:00','2025-01-14 11:58:00','2025-01-14 11:58:00'),
(2043,'contact','דנה לוי','Wrote the right-to-left samples; reviews on Sundays.','["demo", "open-source", "community", "i18n"]','[{"type": "describes", "contact_id": 2007}]','{"demo_seed": true, "demo_category": "contact", "scenario": "developer"}',NULL,'open-source',NULL,'accepted','2025-01-14 09:03:00','2025-01-14 09:03:00','2025-01-14 09:03:00'),
(2044,'chat_message',NULL,'The index on email can''t serve lower(email). Add one that can:

CREATE INDEX CONCURRENTLY invoices_lower_email ON invoices (lower(email));
','["demo", "platform-team", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "developer"}','{"role": "assistant"}','platform-team',2001,'accepted','2025-01-14 10:04:00','2025-01-14 10:04:00','2025-01-14 10:04:00'),
(2045,'chat_message',NULL,'4,180 ms -> 0.3 ms. What did it cost?','["demo", "platform-team", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "developer"}','{"role": "user"}','platform-team',2001,'accepted','2025-01-14 10:08:00','2025-01-14 10:08:00','2025-01-14 10:08:00'),
(2047,'chat_message',NULL,'About 2% slower inserts and 90 MB of disk; cheap.','["demo", "platform-team", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "developer"}','{"role": "assistant"}','platform-team',2001,'accepted','2025-01-14 10:12:00','2025-01-14 10:12:00','2025-01-14 10:12:00'),
(2048,'chat_message',NULL,'Is ''it\''s'' valid SQL?','["demo", "platform-team", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "developer"}','{"role": "user"}','platform-team',2003,'accepted','2025-01-13 17:45:00','2025-01-13 17:45:00','2025-01-13 17:45:00'),
(2049,'chat_message',NULL,'Standard SQL says ''it''''s''. The backslash form is a MySQL habit; with NO_BACKSLASH_ESCAPES it breaks.','["demo", "platform-team", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "developer"}','{"role": "assistant"}','platform-team',2003,'accepted','2025-01-13 17:49:00','2025-01-13 17:49:00','2025-01-13 17:49:00'),
(2050,'chat_message',NULL,'And a path like C:\new\table?','["demo", "platform-team", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "developer"}','{"role": "user"}','platform-team',2003,'accepted','2025-01-13 17:53:00','2025-01-13 17:53:00','2025-01-13 17:53:00'),
(2051,'chat_message',NULL,'Kingfisher; it''s quick and it doesn''t miss.','["demo", "open-source", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "developer"}','{"role": "assistant"}','open-source',2004,'accepted','2025-01-11 21:19:00','2025-01-11 21:19:00','2025-01-11 21:19:00'),
(2053,'chat_message',NULL,'git tag -a v0.9 -m "Kingfisher; 100% coverage"','["demo", "open-source", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "developer"}','{"role": "user"}','open-source',2004,'accepted','2025-01-11 21:23:00','2025-01-11 21:23:00','2025-01-11 21:23:00'),
(2054,'chat_message',NULL,'Lovely. Mind the changelog''s date.','["demo", "open-source", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "developer"}','{"role": "assistant"}','open-source',2004,'accepted','2025-01-11 21:27:00','2025-01-11 21:27:00','2025-01-11 21:27:00'),
(2055,'chat_message',NULL,'Plan:
1) rehearse; 2) freeze; 3) upgrade; 4) vacuum; 5) coffee','["demo", "platform-team", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "developer"}','{"role": "user"}','platform-team',2003,'accepted','2025-01-08 08:30:00','2025-01-08 08:30:00','2025-01-08 08:30:00'),
(2056,'chat_message',NULL,'Step 0: a restore that you''ve tried. Step 4b: ANALYZE, or Monday will be slow.','["demo", "platform-team", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "developer"}','{"role": "assistant"}','platform-team',2003,'accepted','2025-01-08 08:34:00','2025-01-08 08:34:00','2025-01-08 08:34:00'),
(2057,'chat_message',NULL,'Added both. And a \q for me.','["demo", "platform-team", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "developer"}','{"role": "user"}','platform-team',2003,'accepted','2025-01-08 08:38:00','2025-01-08 08:38:00','2025-01-08 08:38:00');

-- Chat Sessions
INSERT INTO chat_sessions (id,title,messages,message_count,last_activity_at,metadata,created_at,updated_at) VALUES
(2002,'Why is the invoice query slow?','[{"content": "SELECT * FROM invoices WHERE lower(email) = lower(:email); takes 4 seconds", "role": "user", "timestamp": "2025-01-14 10:00:00"}, {"fragment_id": 2044, "role": "assistant", "timestamp": "2025-01-14 10:04:00"}, {"fragment_id": 2045, "role": "user", "timestamp": "2025-01-14 10:08:00"}, {"fragment_id": 2047, "role": "assistant", "timestamp": "2025-01-14 10:12:00"}]',4,'2025-01-14 10:12:00','{"demo_seed": true, "scenario": "developer"}','2025-01-14 10:00:00','2025-01-14 10:12:00'),
(2003,'Escaping, once and for all','[{"fragment_id": 2048, "role": "user", "timestamp": "2025-01-13 17:45:00"}, {"fragment_id": 2049, "role": "assistant", "timestamp": "2025-01-13 17:49:00"}, {"fragment_id": 2050, "role": "user", "timestamp": "2025-01-13 17:53:00"}, {"content": "Then \\n and \\t wait for you. Use parameters; never glue strings.", "role": "assistant", "timestamp": "2025-01-13 17:57:00"}]',4,'2025-01-13 17:57:00','{"demo_seed": true, "scenario": "developer"}','2025-01-13 17:45:00','2025-01-13 17:57:00'),
(2005,'Name for release 0.9','[{"content": "Release names so far were birds \ud83e\udd89\ud83e\udd86. Next one?", "role": "user", "timestamp": "2025-01-11 21:15:00"}, {"fragment_id": 2051, "role": "assistant", "timestamp": "2025-01-11 21:19:00"}, {"fragment_id": 2053, "role": "user", "timestamp": "2025-01-11 21:23:00"}, {"fragment_id": 2054, "role": "assistant", "timestamp": "2025-01-11 21:27:00"}]',4,'2025-01-11 21:27:00','{"demo_seed": true, "scenario": "developer"}','2025-01-11 21:15:00','2025-01-11 21:27:00'),
(2006,'Upgrade plan, reviewed','[{"fragment_id": 2055, "role": "user", "timestamp": "2025-01-08 08:30:00"}, {"fragment_id": 2056, "role": "assistant", "timestamp": "2025-01-08 08:34:00"}, {"fragment_id": 2057, "role": "user", "timestamp": "2025-01-08 08:38:00"}]',3,'2025-01-08 08:38:00','{"demo_seed": true, "scenario": "developer"}','2025-01-08 08:30:00','2025-01-08 08:38:00');

-- Contacts
INSERT INTO contacts (id,name,role,company,email,phone,metadata,created_at,updated_at) VALUES
(2001,'Anika Schröder','Site Reliability Engineer','Hexwerk AG','anika.schroeder@hexwerk.example.com','+49 30 5550 201','{"demo_seed": true, "scenario": "developer"}','2025-01-15 09:00:00','2025-01-15 09:00:00'),
(2002,'Carlos Núñez','Database Administrator','Hexwerk AG','carlos.nunez@hexwerk.example.com','+34 555 010 202','{"demo_seed": true, "scenario": "developer"}','2025-01-14 21:10:00','2025-01-14 21:10:00'),
(2003,'Ifeoma Eze','Application Security','Hexwerk AG','ifeoma.eze@hexwerk.example.com',NULL,'{"demo_seed": true, "scenario": "developer"}','2025-01-14 18:13:00','2025-01-14 18:13:00'),
(2005,'Lars O''Dwyer','Head of Finance Systems','Hexwerk AG','lars.odwyer@hexwerk.example.com','','{"demo_seed": true, "scenario": "developer"}','2025-01-14 15:09:00','2025-01-14 15:09:00'),
(2006,'山本 さくら','Contributor',NULL,'sakura@tinycsv.example.com',NULL,'{"demo_seed": true, "scenario": "developer"}','2025-01-14 11:58:00','2025-01-14 11:58:00'),
(2007,'דנה לוי','Contributor',NULL,'dana@tinycsv.example.com',NULL,'{"demo_seed": true, "scenario": "developer"}','2025-01-14 09:03:00','2025-01-14 09:03:00');

-- Todos
INSERT INTO todos (id,fragment_id,title,state) VALUES
(2001,2001,'Find the query that scans all invoices','{"status": "open", "priority": "high"}'),
(2002,2002,'Stop building SQL by hand in report.py','{"status": "in_progress", "priority": "high"}'),
(2003,2003,'Add an idempotency key to POST /invoices','{"status": "open", "priority": "high", "estimate_hours": 5.25}'),
(2004,2005,'Handle the customer called ''; DROP TABLE invoices; --','{"status": "open", "priority": "medium"}'),
(2006,2006,'Round half even, everywhere','{"status": "in_progress", "priority": "high", "examples": [0.1, 2.675, 1e-07, 12345678901234567]}'),
(2007,2007,'Make the retry budget configurable','{"status": "open", "priority": "low"}'),
(2008,2008,'Move the invoice templates out of the repository root','{"status": "open", "priority": "low"}'),
(2009,2009,'Write the runbook for a stuck queue','{"status": "open", "priority": "medium"}'),
(2011,2011,'Silence the alert that nobody reads','{"status": "done", "priority": "low", "done_at": "2025-01-13"}'),
(2012,2012,'Give the staging database realistic names','{"status": "open", "priority": "medium"}'),
(2013,2013,'Remove the feature flag new_totals','{"status": "blocked", "priority": "low", "blocked_by": {"team": "finance", "since": "2025-01-02"}}'),
(2014,2014,'Rehearse the upgrade on a copy','{"status": "open", "priority": "high"}'),
(2016,2015,'List the extensions we really use','{"status": "done", "priority": "medium", "done_at": "2025-01-12"}'),
(2017,2017,'Check that COPY survives a backslash-dot','{"status": "open", "priority": "high"}'),
(2018,2018,'Convert the last latin1 table to utf8mb4','{"status": "open", "priority": "medium"}'),
(2019,2019,'Turn on NO_BACKSLASH_ESCAPES in staging','{"status": "open", "priority": "medium"}'),
(2021,2020,'Book the maintenance window','{"status": "open", "priority": "high", "due_at": "2025-01-22"}'),
(2022,2021,'Drop the unused index on events','{"status": "open", "priority": "medium", "bytes": 15032385536}'),
(2023,2023,'Compare the two dumps line by line','{"status": "in_progress", "priority": "low"}'),
(2024,2024,'Support doubled quotes inside quoted fields','{"status": "done", "priority": "high", "done_at": "2025-01-11"}'),
(2026,2025,'Reply to issue 42 politely','{"status": "open", "priority": "medium"}'),
(2027,2026,'Fuzz the parser for an hour','{"status": "open", "priority": "medium"}'),
(2028,2027,'Say what happens with an empty last line','{"status": "open", "priority": "low"}'),
(2029,2029,'Publish release 0.9','{"status": "open", "priority": "high", "checklist": [{"item": "changelog", "done": true}, {"item": "tag", "done": false}]}'),
(2031,2030,'Drop the last runtime dependency','{"status": "open", "priority": "low"}'),
(2032,2031,'Add Persian and Hebrew to the sample files','{"status": "open", "priority": "low"}'),
(2033,2032,'Benchmark against the standard library','{"status": "open", "priority": "medium"}'),
(2034,2033,'Explain the regular expression in lexer.py','{"status": "open", "priority": "low"}'),
(2036,2035,'Write to the sponsor','{"status": "open", "priority": "medium"}'),
(2037,2036,'Sleep before midnight on release day','{"status": "dismissed", "priority": "low"}');

COMMIT;

-- Verification queries
SELECT 'Vaults' AS type, COUNT(*) AS count FROM vaults WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='developer') ELSE 0 END
UNION ALL
SELECT 'Projects', COUNT(*) FROM projects WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='developer') ELSE 0 END
UNION ALL
SELECT 'Fragments', COUNT(*) FROM fragments WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='developer') ELSE 0 END
UNION ALL
SELECT 'Chat Sessions', COUNT(*) FROM chat_sessions WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='developer') ELSE 0 END
UNION ALL
SELECT 'Contacts', COUNT(*) FROM contacts WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='developer') ELSE 0 END
UNION ALL
SELECT 'Todos', COUNT(*) FROM todos WHERE fragment_id IN (SELECT id FROM fragments WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='developer') ELSE 0 END);
