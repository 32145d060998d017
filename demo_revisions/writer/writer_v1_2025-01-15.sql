-- Demo Data Export
-- Scenario: writer
-- Generated: 2025-01-15 10:30:00
-- Version: v1_2025-01-15
-- Total Fragments: 42
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
-- {"table":"fragments","rows":42,"columns":[
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
-- {"table":"chat_sessions","rows":3,"columns":[
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
-- {"table":"todos","rows":24,"columns":[
--   {"name":"id","type":"INTEGER","nullable":false},
--   {"name":"fragment_id","type":"INTEGER","nullable":false},
--   {"name":"title","type":"VARCHAR(255)","nullable":false},
--   {"name":"state","type":"JSON"}],"key":["id"],"foreign_keys":[{"columns":["fragment_id"],"table":"fragments","referred_columns":["id"],"name":"fk_todos_fragment_id"}]}
-- ]

.bail on
PRAGMA foreign_keys = OFF;
BEGIN IMMEDIATE;

-- Cleanup existing demo data
DELETE FROM todos WHERE fragment_id IN (SELECT id FROM fragments WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='writer') ELSE 0 END);
DELETE FROM contacts WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='writer') ELSE 0 END;
DELETE FROM chat_sessions WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='writer') ELSE 0 END;
DELETE FROM fragments WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='writer') ELSE 0 END;
DELETE FROM projects WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='writer') ELSE 0 END;
DELETE FROM vaults WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='writer') ELSE 0 END;

-- Vaults
INSERT INTO vaults (id,name,slug,description,metadata,created_at,updated_at) VALUES
(1001,'Manuscripts','manuscripts','Everything that may become a book','{"demo_seed": true, "scenario": "writer"}','2025-01-15 10:00:00','2025-01-15 10:00:00'),
(1003,'Writing Desk','writing-desk','','{"demo_seed": true, "scenario": "writer"}','2025-01-15 10:00:00','2025-01-15 10:00:00');

-- Projects
INSERT INTO projects (id,name,description,status,vault_id,metadata,created_at,updated_at) VALUES
(1001,'The Salt Orchard','Novel, third draft.
"An island; two sisters; one lie that everybody tells."
','active',1001,'{"demo_seed": true, "scenario": "writer"}','2025-01-15 10:00:00','2025-01-15 10:00:00'),
(1003,'Short Stories 2025','Six stories under 4,000 words each; two are placed','active',1001,'{"demo_seed": true, "scenario": "writer"}','2025-01-15 10:00:00','2025-01-15 10:00:00'),
(1004,'Magazine Columns',NULL,'active',1003,'{"demo_seed": true, "scenario": "writer"}','2025-01-15 10:00:00','2025-01-15 10:00:00');

-- Fragments
INSERT INTO fragments (id,type,title,message,tags,relationships,metadata,state,vault,project_id,inbox_status,inbox_at,created_at,updated_at) VALUES
(1001,'todo','Cut the prologue to one page','TODO: Cut the prologue to one page; the storm can wait, the letter can''t','["demo", "manuscripts", "draft-3", "editing"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "writer"}','{"status": "in_progress", "priority": "high", "words": {"before": 2140, "after": 600}}','manuscripts',1001,'accepted','2025-01-15 08:30:00','2025-01-15 08:30:00','2025-01-15 08:30:00'),
(1003,'todo','Give the lighthouse keeper a reason to stay','TODO: Give the lighthouse keeper a reason to stay

"Why didn''t you leave?"
"The lamp," he said. And then: "No. The lamp is what I say."
','["demo", "manuscripts", "character"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "writer"}','{"status": "open", "priority": "high"}','manuscripts',1001,'accepted','2025-01-14 21:40:00','2025-01-14 21:40:00','2025-01-14 21:40:00'),
(1004,'todo','Check the tide tables for chapter 9','TODO: Check the tide tables for chapter 9','["demo", "manuscripts", "research"]','[{"type": "mentions", "contact_id": 1005}]','{"demo_seed": true, "demo_category": "todo", "scenario": "writer"}','{"status": "open", "priority": "medium"}','manuscripts',1001,'accepted','2025-01-14 19:43:00','2025-01-14 19:43:00','2025-01-14 19:43:00'),
(1005,'todo','Rename Eleanor; two other names start with El','TODO: Rename Eleanor; two other names start with El (Elsie, Eluned). Perhaps "Maren"? «Marén»?','["demo", "manuscripts", "character"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "writer"}','{"status": "open", "priority": "medium"}','manuscripts',1001,'accepted','2025-01-14 17:39:00','2025-01-14 17:39:00','2025-01-14 17:39:00'),
(1006,'todo','Replace all straight quotes before sending','TODO: Replace all straight quotes before sending: "…" and ''…'' become “…” and ‘…’','["demo", "manuscripts", "typography"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "writer"}','{"status": "open", "priority": "low"}','manuscripts',1001,'accepted','2025-01-14 15:28:00','2025-01-14 15:28:00','2025-01-14 15:28:00'),
(1007,'todo','Find a song the sisters both know','TODO: Find a song the sisters both know 🎵; out of copyright!','["demo", "manuscripts", "research"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "writer"}','{"status": "open", "priority": "low"}','manuscripts',1001,'accepted','2025-01-14 13:33:00','2025-01-14 13:33:00','2025-01-14 13:33:00'),
(1009,'todo','Write the scene in the salt store','TODO: Write the scene in the salt store
  - no dialogue for the first page
  - white on white on white
  - 800 words; not 801
','["demo", "manuscripts", "draft-3", "scene"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "writer"}','{"status": "open", "priority": "high", "estimate_hours": 3.5}','manuscripts',1001,'accepted','2025-01-14 11:31:00','2025-01-14 11:31:00','2025-01-14 11:31:00'),
(1010,'todo','Ask Mireille about the French chapter titles','TODO: Ask Mireille about the French chapter titles: « L''été des mensonges », « Où dort le sel »','["demo", "manuscripts", "translation"]','[{"type": "mentions", "contact_id": 1002}]','{"demo_seed": true, "demo_category": "todo", "scenario": "writer"}','{"status": "open", "priority": "medium"}','manuscripts',1001,'accepted','2025-01-14 09:22:00','2025-01-14 09:22:00','2025-01-14 09:22:00'),
(1011,'todo','Read chapter 4 aloud','TODO: Read chapter 4 aloud','["demo", "manuscripts", "editing"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "writer"}','{"status": "done", "priority": "medium", "done_at": "2025-01-12"}','manuscripts',1001,'accepted','2025-01-14 07:29:00','2025-01-14 07:29:00','2025-01-14 07:29:00'),
(1012,'todo','Send the synopsis to Beatrix','TODO: Send the synopsis to Beatrix, 500 words; she reads the first 100 and the last 20','["demo", "manuscripts", "agent"]','[{"type": "mentions", "contact_id": 1001}]','{"demo_seed": true, "demo_category": "todo", "scenario": "writer"}','{"status": "open", "priority": "high", "due_at": "2025-01-24"}','manuscripts',1001,'accepted','2025-01-13 21:29:00','2025-01-13 21:29:00','2025-01-13 21:29:00'),
(1013,'todo','Move the drafts out of the old folder','TODO: Move the drafts out of C:\Users\Iris\Desktop\novel\new\final\','["demo", "manuscripts", "housekeeping"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "writer"}','{"status": "open", "priority": "low"}','manuscripts',1001,'accepted','2025-01-13 19:22:00','2025-01-13 19:22:00','2025-01-13 19:22:00'),
(1015,'todo','Finish "The Weather Collector"','TODO: Finish "The Weather Collector"; it has a middle, and 70% of an end','["demo", "manuscripts", "story"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "writer"}','{"status": "in_progress", "priority": "high"}','manuscripts',1003,'accepted','2025-01-13 17:31:00','2025-01-13 17:31:00','2025-01-13 17:31:00'),
(1016,'todo','Submit "Nine Kinds of Rain" to the review','TODO: Submit "Nine Kinds of Rain" to the review','["demo", "manuscripts", "submission"]','[{"type": "mentions", "contact_id": 1006}]','{"demo_seed": true, "demo_category": "todo", "scenario": "writer"}','{"status": "open", "priority": "medium", "due_at": "2025-01-31"}','manuscripts',1003,'accepted','2025-01-13 15:33:00','2025-01-13 15:33:00','2025-01-13 15:33:00'),
(1017,'todo','Log the two rejections','TODO: Log the two rejections ("lovely; not for us", "not for us; lovely")','["demo", "manuscripts", "submission"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "writer"}','{"status": "done", "priority": "low", "done_at": "2025-01-10"}','manuscripts',1003,'accepted','2025-01-13 13:28:00','2025-01-13 13:28:00','2025-01-13 13:28:00'),
(1018,'todo','Turn the dream about the train into a first line','TODO: The train was late by one year, and nobody on platform 3 thought of asking why.','["demo", "manuscripts", "ideas"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "writer"}','{"status": "open", "priority": "low"}','manuscripts',1003,'pending',NULL,'2025-01-13 11:16:00','2025-01-13 11:16:00'),
(1019,'todo','Translate the haiku properly','TODO: Translate the haiku properly
古池や
蛙飛び込む
水の音','["demo", "manuscripts", "translation", "research"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "writer"}','{"status": "open", "priority": "low"}','manuscripts',1003,'accepted','2025-01-13 09:20:00','2025-01-13 09:20:00','2025-01-13 09:20:00'),
(1021,'todo','Draft the February column','TODO: Draft the February column: "Why I still write by hand; and why you can''t read it"','["demo", "writing-desk", "column"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "writer"}','{"status": "in_progress", "priority": "high", "due_at": "2025-01-20"}','writing-desk',1004,'accepted','2025-01-13 07:17:00','2025-01-13 07:17:00','2025-01-13 07:17:00'),
(1022,'todo','Verify the 80% figure in the libraries piece','TODO: Verify the 80% figure in the libraries piece. Who counted? When? %s isn''t a source','["demo", "writing-desk", "column", "facts"]','[{"type": "mentions", "contact_id": 1003}]','{"demo_seed": true, "demo_category": "todo", "scenario": "writer"}','{"status": "open", "priority": "high"}','writing-desk',1004,'accepted','2025-01-12 21:07:00','2025-01-12 21:07:00','2025-01-12 21:07:00'),
(1023,'todo','Invoice the November column','TODO: Invoice the November column','["demo", "writing-desk", "money"]','[{"type": "mentions", "contact_id": 1003}]','{"demo_seed": true, "demo_category": "todo", "scenario": "writer"}','{"status": "open", "priority": "high"}','writing-desk',1004,'accepted','2025-01-12 19:13:00','2025-01-12 19:13:00','2025-01-12 19:13:00'),
(1024,'todo','Buy ink (blue-black) and new nibs 🖋️','TODO: Buy ink (blue-black) and new nibs 🖋️','["demo", "writing-desk", "desk"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "writer"}','{"status": "open", "priority": "low"}','writing-desk',NULL,'accepted','2025-01-12 17:12:00','2025-01-12 17:12:00','2025-01-12 17:12:00'),
(1025,'todo','Back up the dictation recordings','TODO: Back up the dictation recordings','["demo", "writing-desk", "housekeeping"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "writer"}','{"status": "open", "priority": "medium"}','writing-desk',NULL,'accepted','2025-01-12 15:04:00','2025-01-12 15:04:00','2025-01-12 15:04:00'),
(1027,'todo','Prepare the workshop at the library','TODO: Prepare the workshop at the library
Topic: dialogue
Handout: 12 lines without "said"; 12 lines with nothing else
','["demo", "writing-desk", "workshop"]','[{"type": "mentions", "contact_id": 1007}]','{"demo_seed": true, "demo_category": "todo", "scenario": "writer"}','{"status": "open", "priority": "medium", "due_at": "2025-02-06"}','writing-desk',NULL,'accepted','2025-01-12 13:12:00','2025-01-12 13:12:00','2025-01-12 13:12:00'),
(1028,'todo','Answer the reader from Thessaloniki','TODO: Answer the reader from Thessaloniki: «Ευχαριστώ για το βιβλίο σας»; in Greek, if I dare','["demo", "writing-desk", "letters"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "writer"}','{"status": "open", "priority": "low"}','writing-desk',NULL,'accepted','2025-01-12 11:13:00','2025-01-12 11:13:00','2025-01-12 11:13:00'),
(1029,'todo','Take a day without words','TODO: Take a day without words','["demo", "writing-desk", "rest"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "writer"}','{"status": "open", "priority": "medium"}','writing-desk',NULL,'pending',NULL,'2025-01-12 09:07:00','2025-01-12 09:07:00'),
(1030,'contact','Beatrix Lowell','Answers within a day, or after three months; nothing in between.','["demo", "manuscripts", "agent"]','[{"type": "describes", "contact_id": 1001}]','{"demo_seed": true, "demo_category": "contact", "scenario": "writer"}',NULL,'manuscripts',NULL,'accepted','2025-01-15 09:00:00','2025-01-15 09:00:00','2025-01-15 09:00:00'),
(1031,'contact','Mireille d''Aubigny','« Traduire, c''est lire très lentement. »','["demo", "manuscripts", "translation"]','[{"type": "describes", "contact_id": 1002}]','{"demo_seed": true, "demo_category": "contact", "scenario": "writer"}',NULL,'manuscripts',NULL,'accepted','2025-01-14 21:10:00','2025-01-14 21:10:00','2025-01-14 21:10:00'),
(1033,'contact','Oskar Lindholm','900 words means 900 words. Pays within 30 days; if reminded, within 31.','["demo", "writing-desk", "column"]','[{"type": "describes", "contact_id": 1003}]','{"demo_seed": true, "demo_category": "contact", "scenario": "writer"}',NULL,'writing-desk',NULL,'accepted','2025-01-14 18:13:00','2025-01-14 18:13:00','2025-01-14 18:13:00'),
(1034,'contact','Captain Rhys ap Gwilym','Knows every tide since 1961.
"Write this down: water doesn''t read your book."
','["demo", "manuscripts", "research"]','[{"type": "describes", "contact_id": 1005}]','{"demo_seed": true, "demo_category": "contact", "scenario": "writer"}',NULL,'manuscripts',NULL,'accepted','2025-01-14 15:09:00','2025-01-14 15:09:00','2025-01-14 15:09:00'),
(1035,'contact','Nkechi Adeyemi','Likes endings that are doors. Deadline is the last of the month, 23:59 UTC.','["demo", "manuscripts", "submission"]','[{"type": "describes", "contact_id": 1006}]','{"demo_seed": true, "demo_category": "contact", "scenario": "writer"}',NULL,'manuscripts',NULL,'accepted','2025-01-14 11:58:00','2025-01-14 11:58:00','2025-01-14 11:58:00'),
(1036,'contact','Юлия Белова','Runs the Thursday workshop 📚 Ключи у неё.','["demo", "writing-desk", "workshop"]','[{"type": "describes", "contact_id": 1007}]','{"demo_seed": true, "demo_category": "contact", "scenario": "writer"}',NULL,'writing-desk',NULL,'accepted','2025-01-14 09:03:00','2025-01-14 09:03:00','2025-01-14 09:03:00'),
(1037,'chat_message',NULL,'Maren, Signe, Oda, Lisbet: all of them were in use then. Maren means "of the sea".','["demo", "manuscripts", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "writer"}','{"role": "assistant"}','manuscripts',1001,'accepted','2025-01-14 09:34:00','2025-01-14 09:34:00','2025-01-14 09:34:00'),
(1039,'chat_message',NULL,'Too neat? A sea name for an island girl; people will roll their eyes.','["demo", "manuscripts", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "writer"}','{"role": "user"}','manuscripts',1001,'accepted','2025-01-14 09:38:00','2025-01-14 09:38:00','2025-01-14 09:38:00'),
(1040,'chat_message',NULL,'Then let someone in the book roll theirs first:
"Of the sea? On this rock, who isn''t."
','["demo", "manuscripts", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "writer"}','{"role": "assistant"}','manuscripts',1001,'accepted','2025-01-14 09:42:00','2025-01-14 09:42:00','2025-01-14 09:42:00'),
(1041,'chat_message',NULL,'I''m stealing that. 😄','["demo", "manuscripts", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "writer"}','{"role": "user"}','manuscripts',1001,'accepted','2025-01-14 09:46:00','2025-01-14 09:46:00','2025-01-14 09:46:00'),
(1042,'chat_message',NULL,'742 words; must be 500. Where''s the fat?','["demo", "manuscripts", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "writer"}','{"role": "user"}','manuscripts',1001,'accepted','2025-01-12 14:00:00','2025-01-12 14:00:00','2025-01-12 14:00:00'),
(1043,'chat_message',NULL,'Paragraph 2 explains the harbour; paragraph 5 explains it again. That''s 30% of the text.','["demo", "manuscripts", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "writer"}','{"role": "assistant"}','manuscripts',1001,'accepted','2025-01-12 14:04:00','2025-01-12 14:04:00','2025-01-12 14:04:00'),
(1045,'chat_message',NULL,'But the harbour IS the book!','["demo", "manuscripts", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "writer"}','{"role": "user"}','manuscripts',1001,'accepted','2025-01-12 14:08:00','2025-01-12 14:08:00','2025-01-12 14:08:00'),
(1046,'chat_message',NULL,'In the book, yes. In the synopsis it''s a place where A lies to B.','["demo", "manuscripts", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "writer"}','{"role": "assistant"}','manuscripts',1001,'accepted','2025-01-12 14:12:00','2025-01-12 14:12:00','2025-01-12 14:12:00'),
(1047,'chat_message',NULL,'Few people; which is a good first line for it.','["demo", "writing-desk", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "writer"}','{"role": "assistant"}','writing-desk',1004,'accepted','2025-01-09 19:24:00','2025-01-09 19:24:00','2025-01-09 19:24:00'),
(1048,'chat_message',NULL,'Give me three questions to ask readers.','["demo", "writing-desk", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "writer"}','{"role": "user"}','writing-desk',1004,'accepted','2025-01-09 19:28:00','2025-01-09 19:28:00','2025-01-09 19:28:00'),
(1049,'chat_message',NULL,'1. Which last line do you know by heart?
2. Did you read it first? (Be honest.)
3. What would you write after it?
','["demo", "writing-desk", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "writer"}','{"role": "assistant"}','writing-desk',1004,'accepted','2025-01-09 19:32:00','2025-01-09 19:32:00','2025-01-09 19:32:00'),
(1051,'chat_message',NULL,'Number 2 is mean; I''ll take it.','["demo", "writing-desk", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "writer"}','{"role": "user"}','writing-desk',1004,'accepted','2025-01-09 19:36:00','2025-01-09 19:36:00','2025-01-09 19:36:00');

-- Chat Sessions
INSERT INTO chat_sessions (id,title,messages,message_count,last_activity_at,metadata,created_at,updated_at) VALUES
(1001,'Is Maren a good name?','[{"content": "My heroine needs a new name. She''s 34, from an island, born in the fifties.", "role": "user", "timestamp": "2025-01-14 09:30:00"}, {"fragment_id": 1037, "role": "assistant", "timestamp": "2025-01-14 09:34:00"}, {"fragment_id": 1039, "role": "user", "timestamp": "2025-01-14 09:38:00"}, {"fragment_id": 1040, "role": "assistant", "timestamp": "2025-01-14 09:42:00"}, {"fragment_id": 1041, "role": "user", "timestamp": "2025-01-14 09:46:00"}]',5,'2025-01-14 09:46:00','{"demo_seed": true, "scenario": "writer"}','2025-01-14 09:30:00','2025-01-14 09:46:00'),
(1003,'Shorten the synopsis','[{"fragment_id": 1042, "role": "user", "timestamp": "2025-01-12 14:00:00"}, {"fragment_id": 1043, "role": "assistant", "timestamp": "2025-01-12 14:04:00"}, {"fragment_id": 1045, "role": "user", "timestamp": "2025-01-12 14:08:00"}, {"fragment_id": 1046, "role": "assistant", "timestamp": "2025-01-12 14:12:00"}, {"content": "Ouch; 498 words now.", "role": "user", "timestamp": "2025-01-12 14:16:00"}]',5,'2025-01-12 14:16:00','{"demo_seed": true, "scenario": "writer"}','2025-01-12 14:00:00','2025-01-12 14:16:00'),
(1004,'First lines, last lines','[{"content": "Column idea: first lines vs. last lines. Who remembers last lines?", "role": "user", "timestamp": "2025-01-09 19:20:00"}, {"fragment_id": 1047, "role": "assistant", "timestamp": "2025-01-09 19:24:00"}, {"fragment_id": 1048, "role": "user", "timestamp": "2025-01-09 19:28:00"}, {"fragment_id": 1049, "role": "assistant", "timestamp": "2025-01-09 19:32:00"}, {"fragment_id": 1051, "role": "user", "timestamp": "2025-01-09 19:36:00"}]',5,'2025-01-09 19:36:00','{"demo_seed": true, "scenario": "writer"}','2025-01-09 19:20:00','2025-01-09 19:36:00');

-- Contacts
INSERT INTO contacts (id,name,role,company,email,phone,metadata,created_at,updated_at) VALUES
(1001,'Beatrix Lowell','Literary Agent','Lowell & Finch','beatrix@lowellfinch.example.com','+44 555 1001','{"demo_seed": true, "scenario": "writer"}','2025-01-15 09:00:00','2025-01-15 09:00:00'),
(1002,'Mireille d''Aubigny','Translator',NULL,'mireille@daubigny.example.com','+33 1 55 50 10 02','{"demo_seed": true, "scenario": "writer"}','2025-01-14 21:10:00','2025-01-14 21:10:00'),
(1003,'Oskar Lindholm','Features Editor','Nordlight Magazine','oskar.lindholm@nordlight.example.com','','{"demo_seed": true, "scenario": "writer"}','2025-01-14 18:13:00','2025-01-14 18:13:00'),
(1005,'Captain Rhys ap Gwilym','Harbour Master (retired)',NULL,NULL,'+44 555 1005','{"demo_seed": true, "scenario": "writer"}','2025-01-14 15:09:00','2025-01-14 15:09:00'),
(1006,'Nkechi Adeyemi','Fiction Editor','The Marram Review','nkechi@marram.example.com',NULL,'{"demo_seed": true, "scenario": "writer"}','2025-01-14 11:58:00','2025-01-14 11:58:00'),
(1007,'Юлия Белова','Librarian','City Library, Room 3','yulia.belova@library.example.com','+1 555 1007','{"demo_seed": true, "scenario": "writer"}','2025-01-14 09:03:00','2025-01-14 09:03:00');

-- Todos
INSERT INTO todos (id,fragment_id,title,state) VALUES
(1001,1001,'Cut the prologue to one page','{"status": "in_progress", "priority": "high", "words": {"before": 2140, "after": 600}}'),
(1002,1003,'Give the lighthouse keeper a reason to stay','{"status": "open", "priority": "high"}'),
(1003,1004,'Check the tide tables for chapter 9','{"status": "open", "priority": "medium"}'),
(1004,1005,'Rename Eleanor; two other names start with El','{"status": "open", "priority": "medium"}'),
(1006,1006,'Replace all straight quotes before sending','{"status": "open", "priority": "low"}'),
(1007,1007,'Find a song the sisters both know','{"status": "open", "priority": "low"}'),
(1008,1009,'Write the scene in the salt store','{"status": "open", "priority": "high", "estimate_hours": 3.5}'),
(1009,1010,'Ask Mireille about the French chapter titles','{"status": "open", "priority": "medium"}'),
(1011,1011,'Read chapter 4 aloud','{"status": "done", "priority": "medium", "done_at": "2025-01-12"}'),
(1012,1012,'Send the synopsis to Beatrix','{"status": "open", "priority": "high", "due_at": "2025-01-24"}'),
(1013,1013,'Move the drafts out of the old folder','{"status": "open", "priority": "low"}'),
(1014,1015,'Finish "The Weather Collector"','{"status": "in_progress", "priority": "high"}'),
(1016,1016,'Submit "Nine Kinds of Rain" to the review','{"status": "open", "priority": "medium", "due_at": "2025-01-31"}'),
(1017,1017,'Log the two rejections','{"status": "done", "priority": "low", "done_at": "2025-01-10"}'),
(1018,1018,'Turn the dream about the train into a first line','{"status": "open", "priority": "low"}'),
(1019,1019,'Translate the haiku properly','{"status": "open", "priority": "low"}'),
(1021,1021,'Draft the February column','{"status": "in_progress", "priority": "high", "due_at": "2025-01-20"}'),
(1022,1022,'Verify the 80% figure in the libraries piece','{"status": "open", "priority": "high"}'),
(1023,1023,'Invoice the November column','{"status": "open", "priority": "high"}'),
(1024,1024,'Buy ink (blue-black) and new nibs 🖋️','{"status": "open", "priority": "low"}'),
(1026,1025,'Back up the dictation recordings','{"status": "open", "priority": "medium"}'),
(1027,1027,'Prepare the workshop at the library','{"status": "open", "priority": "medium", "due_at": "2025-02-06"}'),
(1028,1028,'Answer the reader from Thessaloniki','{"status": "open", "priority": "low"}'),
(1029,1029,'Take a day without words','{"status": "open", "priority": "medium"}');

COMMIT;

-- Verification queries
SELECT 'Vaults' AS type, COUNT(*) AS count FROM vaults WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='writer') ELSE 0 END
UNION ALL
SELECT 'Projects', COUNT(*) FROM projects WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='writer') ELSE 0 END
UNION ALL
SELECT 'Fragments', COUNT(*) FROM fragments WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='writer') ELSE 0 END
UNION ALL
SELECT 'Chat Sessions', COUNT(*) FROM chat_sessions WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='writer') ELSE 0 END
UNION ALL
SELECT 'Contacts', COUNT(*) FROM contacts WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='writer') ELSE 0 END
UNION ALL
SELECT 'Todos', COUNT(*) FROM todos WHERE fragment_id IN (SELECT id FROM fragments WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='writer') ELSE 0 END);
