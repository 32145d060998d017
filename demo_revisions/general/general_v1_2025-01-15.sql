-- Demo Data Export
-- Scenario: general
-- Generated: 2025-01-15 10:30:00
-- Version: v1_2025-01-15
-- Total Fragments: 175
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
-- {"table":"projects","rows":4,"columns":[
--   {"name":"id","type":"INTEGER","nullable":false},
--   {"name":"name","type":"VARCHAR(120)","nullable":false},
--   {"name":"description","type":"TEXT"},
--   {"name":"status","type":"VARCHAR(20)","nullable":false},
--   {"name":"vault_id","type":"INTEGER","nullable":false},
--   {"name":"metadata","type":"JSON"},
--   {"name":"created_at","type":"DATETIME"},
--   {"name":"updated_at","type":"DATETIME"}],"key":["id"],"foreign_keys":[{"columns":["vault_id"],"table":"vaults","referred_columns":["id"],"name":"fk_projects_vault_id"}]},
-- {"table":"fragments","rows":175,"columns":[
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
-- {"table":"chat_sessions","rows":10,"columns":[
--   {"name":"id","type":"INTEGER","nullable":false},
--   {"name":"title","type":"VARCHAR(255)","nullable":false},
--   {"name":"messages","type":"JSON"},
--   {"name":"message_count","type":"INTEGER","nullable":false},
--   {"name":"last_activity_at","type":"DATETIME"},
--   {"name":"metadata","type":"JSON"},
--   {"name":"created_at","type":"DATETIME"},
--   {"name":"updated_at","type":"DATETIME"}],"key":["id"]},
-- {"table":"contacts","rows":25,"columns":[
--   {"name":"id","type":"INTEGER","nullable":false},
--   {"name":"name","type":"VARCHAR(120)","nullable":false},
--   {"name":"role","type":"VARCHAR(120)"},
--   {"name":"company","type":"VARCHAR(120)"},
--   {"name":"email","type":"VARCHAR(255)"},
--   {"name":"phone","type":"VARCHAR(40)"},
--   {"name":"metadata","type":"JSON"},
--   {"name":"created_at","type":"DATETIME"},
--   {"name":"updated_at","type":"DATETIME"}],"key":["id"]},
-- {"table":"todos","rows":100,"columns":[
--   {"name":"id","type":"INTEGER","nullable":false},
--   {"name":"fragment_id","type":"INTEGER","nullable":false},
--   {"name":"title","type":"VARCHAR(255)","nullable":false},
--   {"name":"state","type":"JSON"}],"key":["id"],"foreign_keys":[{"columns":["fragment_id"],"table":"fragments","referred_columns":["id"],"name":"fk_todos_fragment_id"}]}
-- ]

.bail on
PRAGMA foreign_keys = OFF;
BEGIN IMMEDIATE;

-- Cleanup existing demo data
DELETE FROM todos WHERE fragment_id IN (SELECT id FROM fragments WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='general' OR json_extract(metadata,'$.scenario') IS NULL) ELSE 0 END);
DELETE FROM contacts WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='general' OR json_extract(metadata,'$.scenario') IS NULL) ELSE 0 END;
DELETE FROM chat_sessions WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='general' OR json_extract(metadata,'$.scenario') IS NULL) ELSE 0 END;
DELETE FROM fragments WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='general' OR json_extract(metadata,'$.scenario') IS NULL) ELSE 0 END;
DELETE FROM projects WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='general' OR json_extract(metadata,'$.scenario') IS NULL) ELSE 0 END;
DELETE FROM vaults WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='general' OR json_extract(metadata,'$.scenario') IS NULL) ELSE 0 END;

-- Vaults
INSERT INTO vaults (id,name,slug,description,metadata,created_at,updated_at) VALUES
(1,'Personal','personal','Personal life organization','{"demo_seed": true, "scenario": "general"}','2025-01-15 10:00:00','2025-01-15 10:00:00'),
(3,'Work','work','Professional work projects','{"demo_seed": true, "scenario": "general"}','2025-01-15 10:00:00','2025-01-15 10:00:00');

-- Projects
INSERT INTO projects (id,name,description,status,vault_id,metadata,created_at,updated_at) VALUES
(1,'Home Lab Setup','Setting up home server and network','active',1,'{"demo_seed": true, "scenario": "general"}','2025-01-15 10:00:00','2025-01-15 10:00:00'),
(2,'POS System Upgrade','Retail point-of-sale system modernization','active',3,'{"demo_seed": true, "scenario": "general"}','2025-01-15 10:00:00','2025-01-15 10:00:00'),
(4,'Kitchen Renovation','New kitchen by Easter; budget 14,000.
Anni draws, Tom and "Mac" do pipes & wires.
','active',1,'{"demo_seed": true, "scenario": "general"}','2025-01-15 10:00:00','2025-01-15 10:00:00'),
(6,'Store Opening Lisbon','Everything for the store in Rua Garrett; it opens on 1 March 🇵🇹','planning',3,'{"demo_seed": true, "scenario": "general"}','2025-01-15 10:00:00','2025-01-15 10:00:00');

-- Fragments
INSERT INTO fragments (id,type,title,message,tags,relationships,metadata,state,vault,project_id,inbox_status,inbox_at,created_at,updated_at) VALUES
(1,'todo','Pick up dry cleaning from Main Street cleaners','TODO: Pick up dry cleaning from Main Street cleaners by 6pm','["demo", "personal", "errands"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium"}','personal',1,'accepted','2025-01-15 08:30:00','2025-01-15 08:30:00','2025-01-15 08:30:00'),
(2,'todo','Confirm go-live window with the Chiado store','TODO: Confirm go-live window with Miguel; Sunday 22:00 is the only slot without deliveries','["demo", "work", "pos", "rollout"]','[{"type": "mentions", "contact_id": 2}]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "high", "due_at": "2025-01-17"}','work',2,'accepted','2025-01-15 07:25:00','2025-01-15 07:25:00','2025-01-15 07:25:00'),
(3,'todo','Return library books','TODO: Return library books','["demo", "personal", "errands"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "low"}','personal',NULL,'accepted','2025-01-14 21:13:00','2025-01-14 21:13:00','2025-01-14 21:13:00'),
(4,'todo','Label every cable in the network cabinet','TODO: Label every cable in the network cabinet
- blue: LAN
- yellow: cameras
- red: "do not touch" (the router''s uplink)
','["demo", "personal", "homelab", "network"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "in_progress", "priority": "medium"}','personal',1,'accepted','2025-01-14 19:54:00','2025-01-14 19:54:00','2025-01-14 19:54:00'),
(5,'todo','Book dentist appointment with Dr. Okafor','TODO: Book dentist appointment with Dr. Okafor','["demo", "personal", "health"]','[{"type": "mentions", "contact_id": 7}]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium", "due_at": "2025-01-20"}','personal',NULL,'accepted','2025-01-14 18:28:00','2025-01-14 18:28:00','2025-01-14 18:28:00'),
(7,'todo','Collect receipt printer quotes from three suppliers','TODO: Collect receipt printer quotes; Paperclip & Sons said 12% off above 40 units','["demo", "work", "pos", "procurement"]','[{"type": "mentions", "contact_id": 3}]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "in_progress", "priority": "medium"}','work',2,'accepted','2025-01-14 17:18:00','2025-01-14 17:18:00','2025-01-14 17:18:00'),
(8,'todo','Move the NAS backup off the old laptop','TODO: Move the NAS backup off the old laptop, it still writes to D:\Backup\nas\','["demo", "personal", "homelab", "backup"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "high"}','personal',1,'accepted','2025-01-14 16:01:00','2025-01-14 16:01:00','2025-01-14 16:01:00'),
(9,'todo','Measure the kitchen alcove for the new fridge','TODO: Measure the kitchen alcove for the new fridge','["demo", "personal", "kitchen"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "done", "priority": "medium", "done_at": "2025-01-13"}','personal',4,'accepted','2025-01-14 14:37:00','2025-01-14 14:37:00','2025-01-14 14:37:00'),
(10,'todo','Order worktop samples from D''Angelo','TODO: Order worktop samples from D''Angelo: oak, terrazzo and that "concrete look" one','["demo", "personal", "kitchen", "samples"]','[{"type": "mentions", "contact_id": 23}]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium"}','personal',4,'accepted','2025-01-14 13:29:00','2025-01-14 13:29:00','2025-01-14 13:29:00'),
(11,'todo','Translate the shelf labels into Portuguese','TODO: Translate the shelf labels into Portuguese
Pão, maçãs, feijão-verde, azeite virgem, promoção: "leve 3; pague 2"
','["demo", "work", "lisbon", "translation"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium", "due_at": "2025-01-24"}','work',6,'accepted','2025-01-14 12:14:00','2025-01-14 12:14:00','2025-01-14 12:14:00'),
(13,'todo','Call the plumber about the dripping tap','TODO: Call Tom about the dripping tap. It''s the hot one, it''s getting worse.','["demo", "personal", "kitchen", "calls"]','[{"type": "mentions", "contact_id": 11}]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "high"}','personal',4,'accepted','2025-01-14 10:52:00','2025-01-14 10:52:00','2025-01-14 10:52:00'),
(14,'todo','Write the rollback plan for the till migration','TODO: Write the rollback plan for the till migration

1. Stop the sync service
2. Restore last night''s copy
3. Tell the store; then tell everyone else
','["demo", "work", "pos", "risk"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "in_progress", "priority": "high", "estimate_hours": 4.5}','work',2,'accepted','2025-01-14 09:46:00','2025-01-14 09:46:00','2025-01-14 09:46:00'),
(15,'todo','Renew passport before March','TODO: Renew passport before March','["demo", "personal", "paperwork"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "high", "due_at": "2025-02-28"}','personal',NULL,'accepted','2025-01-14 08:33:00','2025-01-14 08:33:00','2025-01-14 08:33:00'),
(16,'todo','Buy birthday present for Mum 🎁','TODO: Buy birthday present for Mum 🎁 (not another scarf!)','["demo", "personal", "family"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium", "due_at": "2025-01-29"}','personal',NULL,'accepted','2025-01-14 07:13:00','2025-01-14 07:13:00','2025-01-14 07:13:00'),
(17,'todo','Review Priya''s test plan for split payments','TODO: Review Priya''s test plan for split payments','["demo", "work", "pos", "testing"]','[{"type": "mentions", "contact_id": 10}]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium"}','work',2,'accepted','2025-01-13 21:46:00','2025-01-13 21:46:00','2025-01-13 21:46:00'),
(19,'todo','Ask Kenji for the terminal firmware notes','TODO: Ask Kenji (田中さん) for the terminal firmware notes: 端末のファームウェア 4.2.1','["demo", "work", "pos", "hardware"]','[{"type": "mentions", "contact_id": 5}]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium"}','work',2,'accepted','2025-01-13 20:35:00','2025-01-13 20:35:00','2025-01-13 20:35:00'),
(20,'todo','Replace batteries in the smoke detectors','TODO: Replace batteries in the smoke detectors','["demo", "personal", "home"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "done", "priority": "high", "done_at": "2025-01-11"}','personal',NULL,'accepted','2025-01-13 19:17:00','2025-01-13 19:17:00','2025-01-13 19:17:00'),
(21,'todo','Set up VLAN for guests','TODO: Set up VLAN for guests
vlan 30; subnet 192.168.30.0/24; no route to the NAS
','["demo", "personal", "homelab", "network"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium"}','personal',1,'accepted','2025-01-13 17:52:00','2025-01-13 17:52:00','2025-01-13 17:52:00'),
(22,'todo','Sign the lease for the storage room','TODO: Sign the lease for the storage room in Rua Garrett; Aleksandra has checked clauses 4-7','["demo", "work", "lisbon", "legal"]','[{"type": "mentions", "contact_id": 25}]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "high", "due_at": "2025-01-21"}','work',6,'accepted','2025-01-13 16:43:00','2025-01-13 16:43:00','2025-01-13 16:43:00'),
(23,'todo','Cancel the unused streaming subscription','TODO: Cancel the unused streaming subscription, 15.99/month for nothing','["demo", "personal", "money"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "done", "priority": "low", "done_at": "2025-01-09"}','personal',NULL,'accepted','2025-01-13 15:27:00','2025-01-13 15:27:00','2025-01-13 15:27:00'),
(25,'todo','Check why receipts print "100%" as "100"','TODO: Check why receipts print "100%" as "100"; the template says "%d%% off", the till shows "%d% off"','["demo", "work", "pos", "bug"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "high"}','work',2,'accepted','2025-01-13 14:04:00','2025-01-13 14:04:00','2025-01-13 14:04:00'),
(26,'todo','Descale the coffee machine ☕','TODO: Descale the coffee machine ☕','["demo", "personal", "home"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "low"}','personal',NULL,'accepted','2025-01-13 12:57:00','2025-01-13 12:57:00','2025-01-13 12:57:00'),
(27,'todo','Pick cabinet handles with Anni','TODO: Pick cabinet handles with Anni, she''s sending "the brass ones" as samples','["demo", "personal", "kitchen", "samples"]','[{"type": "mentions", "contact_id": 6}]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "low"}','personal',4,'accepted','2025-01-13 11:43:00','2025-01-13 11:43:00','2025-01-13 11:43:00'),
(28,'todo','Export last year''s invoices for the accountant','TODO: Export last year''s invoices to C:\Users\Maya\Documents\taxes_2024\invoices.xlsx and send them to Noah','["demo", "personal", "paperwork", "money"]','[{"type": "mentions", "contact_id": 14}]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "in_progress", "priority": "high", "due_at": "2025-01-31"}','personal',NULL,'accepted','2025-01-13 10:22:00','2025-01-13 10:22:00','2025-01-13 10:22:00'),
(29,'todo','Rack the new UPS','TODO: Rack the new UPS','["demo", "personal", "homelab", "power"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium", "estimate_hours": 1.5}','personal',1,'accepted','2025-01-13 09:17:00','2025-01-13 09:17:00','2025-01-13 09:17:00'),
(31,'todo','Prepare the weekly status mail','TODO: Prepare the weekly status mail

Subject: POS upgrade, week 3
Hi all,
we''re 40% through the pilot; two tills are live, "Till 3" waits for its scanner.
','["demo", "work", "pos", "reporting"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium"}','work',2,'accepted','2025-01-13 08:05:00','2025-01-13 08:05:00','2025-01-13 08:05:00'),
(32,'todo','Find a cattery for the February trip','TODO: Find a cattery for the February trip','["demo", "personal", "travel", "pets"]','[{"type": "mentions", "contact_id": 27}]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium"}','personal',NULL,'accepted','2025-01-12 21:46:00','2025-01-12 21:46:00','2025-01-12 21:46:00'),
(33,'todo','Compare tile grout colours','TODO: Compare tile grout colours (#C9C4BB vs #B8B2A7) in daylight','["demo", "personal", "kitchen"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "low"}','personal',4,'accepted','2025-01-12 20:20:00','2025-01-12 20:20:00','2025-01-12 20:20:00'),
(34,'todo','Order the shop sign for Lisbon','TODO: Order the shop sign for Lisbon; façade width is 3.40 m, the city allows 80% of it','["demo", "work", "lisbon", "signage"]','[{"type": "mentions", "contact_id": 30}]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "high", "due_at": "2025-01-22"}','work',6,'accepted','2025-01-12 19:10:00','2025-01-12 19:10:00','2025-01-12 19:10:00'),
(35,'todo','Update the on-call rota','TODO: Update the on-call rota','["demo", "work", "team"]','[{"type": "mentions", "contact_id": 1}]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium"}','work',NULL,'accepted','2025-01-12 17:53:00','2025-01-12 17:53:00','2025-01-12 17:53:00'),
(37,'todo','Water the plants','TODO: Water the plants','["demo", "personal", "home"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "low", "repeats": {"every": 3, "unit": "days"}}','personal',NULL,'accepted','2025-01-12 16:29:00','2025-01-12 16:29:00','2025-01-12 16:29:00'),
(38,'todo','Fix the flaky barcode import','TODO: Fix the flaky barcode import
It stops at row 1,204: `5601234567890;Café "Bica" 250g;3,49`
The parser takes the semicolon; the quotes do the rest.
','["demo", "work", "pos", "bug"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "in_progress", "priority": "high"}','work',2,'accepted','2025-01-12 15:21:00','2025-01-12 15:21:00','2025-01-12 15:21:00'),
(39,'todo','Renew the wildcard certificate','TODO: Renew the wildcard certificate','["demo", "personal", "homelab", "security"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "high", "due_at": "2025-01-26"}','personal',1,'accepted','2025-01-12 14:06:00','2025-01-12 14:06:00','2025-01-12 14:06:00'),
(40,'todo','Reply to Chloé about the balcony','TODO: Reply to Chloé: "Oui, le balcon est prêt; l''été peut venir."','["demo", "personal", "home", "messages"]','[{"type": "mentions", "contact_id": 18}]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "low"}','personal',NULL,'accepted','2025-01-12 12:44:00','2025-01-12 12:44:00','2025-01-12 12:44:00'),
(41,'todo','Schedule the penetration test','TODO: Schedule the penetration test with Ελένη (Eleni): staging first, production never on a Saturday','["demo", "work", "pos", "security"]','[{"type": "mentions", "contact_id": 31}]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "high"}','work',2,'accepted','2025-01-12 11:38:00','2025-01-12 11:38:00','2025-01-12 11:38:00'),
(43,'todo','Repot the basil 🌿','TODO: Repot the basil 🌿','["demo", "personal", "home"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "low"}','personal',NULL,'pending',NULL,'2025-01-12 10:25:00','2025-01-12 10:25:00'),
(44,'todo','Decide between induction and gas','TODO: Decide between induction and gas

Induction: safer, needs a 32 A circuit (ask Mac)
Gas: we''d keep the old pans
Giulia''s opinion: "induzione, senza dubbio!"
','["demo", "personal", "kitchen", "decisions"]','[{"type": "mentions", "contact_id": 21}, {"type": "mentions", "contact_id": 23}]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "high"}','personal',4,'accepted','2025-01-12 09:05:00','2025-01-12 09:05:00','2025-01-12 09:05:00'),
(45,'todo','Onboard the two Lisbon shift leads','TODO: Onboard the two Lisbon shift leads','["demo", "work", "lisbon", "people"]','[{"type": "mentions", "contact_id": 15}]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium"}','work',6,'accepted','2025-01-12 07:38:00','2025-01-12 07:38:00','2025-01-12 07:38:00'),
(46,'todo','Clean the gutters before the rain','TODO: Clean the gutters before the rain','["demo", "personal", "home"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "done", "priority": "medium", "done_at": "2025-01-12"}','personal',NULL,'accepted','2025-01-11 21:27:00','2025-01-11 21:27:00','2025-01-11 21:27:00'),
(47,'todo','Document the tax rounding rule','TODO: Document the tax rounding rule: 6%, 13% and 23% are rounded per line, never per receipt','["demo", "work", "lisbon", "tax"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium"}','work',6,'accepted','2025-01-11 20:09:00','2025-01-11 20:09:00','2025-01-11 20:09:00'),
(49,'todo','Replace the noisy fan in the mini server','TODO: Replace the noisy fan in the mini server','["demo", "personal", "homelab", "hardware"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "low"}','personal',1,'accepted','2025-01-11 18:44:00','2025-01-11 18:44:00','2025-01-11 18:44:00'),
(50,'todo','Send Layla the menu board texts','TODO: Send Layla the menu board texts; she returns them as "قهوة وشاي" and in English','["demo", "work", "lisbon", "translation"]','[{"type": "mentions", "contact_id": 13}]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium"}','work',6,'accepted','2025-01-11 17:35:00','2025-01-11 17:35:00','2025-01-11 17:35:00'),
(51,'todo','Get a quote for repainting the hallway','TODO: Get a quote for repainting the hallway','["demo", "personal", "home", "money"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "low"}','personal',NULL,'accepted','2025-01-11 16:19:00','2025-01-11 16:19:00','2025-01-11 16:19:00'),
(52,'todo','Test the till with the network cable unplugged','TODO: Test the till with the network cable unplugged. Expected: it queues; it doesn''t sulk 😤','["demo", "work", "pos", "testing"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "high"}','work',2,'accepted','2025-01-11 14:56:00','2025-01-11 14:56:00','2025-01-11 14:56:00'),
(53,'todo','Take the car for its inspection','TODO: Take the car for its inspection','["demo", "personal", "car", "paperwork"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "high", "due_at": "2025-01-23"}','personal',NULL,'accepted','2025-01-11 13:49:00','2025-01-11 13:49:00','2025-01-11 13:49:00'),
(55,'todo','Try out the "no phone after nine" rule','TODO: Try out the "no phone after nine" rule for a week','["demo", "personal", "habits"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "in_progress", "priority": "low"}','personal',NULL,'accepted','2025-01-11 12:35:00','2025-01-11 12:35:00','2025-01-11 12:35:00'),
(56,'todo','Replace the string ''N/A'' in the product master','TODO: Replace the string ''N/A'' in the product master: NULL means unknown, '''' means none','["demo", "work", "pos", "data"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium"}','work',2,'accepted','2025-01-11 11:14:00','2025-01-11 11:14:00','2025-01-11 11:14:00'),
(57,'todo','Draw the rack layout','TODO: Draw the rack layout
	U1  patch panel
	U2  switch
	U3  shelf \ NAS
	U4  UPS
','["demo", "personal", "homelab", "planning"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "done", "priority": "low", "done_at": "2025-01-08"}','personal',1,'accepted','2025-01-11 10:09:00','2025-01-11 10:09:00','2025-01-11 10:09:00'),
(58,'todo','Chase the electrician''s certificate','TODO: Chase the electrician''s certificate','["demo", "personal", "kitchen", "paperwork"]','[{"type": "mentions", "contact_id": 21}]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium"}','personal',4,'accepted','2025-01-11 08:57:00','2025-01-11 08:57:00','2025-01-11 08:57:00'),
(59,'todo','Book flights to Lisbon for the opening ✈️','TODO: Book flights to Lisbon for the opening ✈️ 🇵🇹, aisle seat, back before Sunday','["demo", "work", "lisbon", "travel"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "high", "due_at": "2025-01-19"}','work',6,'accepted','2025-01-11 07:38:00','2025-01-11 07:38:00','2025-01-11 07:38:00'),
(61,'todo','Ask Fatima to take in the parcel','TODO: Ask Fatima to take in the parcel','["demo", "personal", "errands", "neighbours"]','[{"type": "mentions", "contact_id": 22}]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "done", "priority": "low", "done_at": "2025-01-14"}','personal',NULL,'accepted','2025-01-10 21:12:00','2025-01-10 21:12:00','2025-01-10 21:12:00'),
(62,'todo','Approve Hannah''s receipt design','TODO: Approve Hannah''s receipt design (v3_final_FINAL.pdf)','["demo", "work", "pos", "design"]','[{"type": "mentions", "contact_id": 29}]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium"}','work',2,'accepted','2025-01-10 20:02:00','2025-01-10 20:02:00','2025-01-10 20:02:00'),
(63,'todo','Sharpen the kitchen knives','TODO: Sharpen the kitchen knives','["demo", "personal", "home"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "low"}','personal',NULL,'accepted','2025-01-10 18:45:00','2025-01-10 18:45:00','2025-01-10 18:45:00'),
(64,'todo','Add monitoring for disk temperatures','TODO: Add monitoring for disk temperatures; alert above 45 °C, page above 55 °C','["demo", "personal", "homelab", "monitoring"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium"}','personal',1,'accepted','2025-01-10 17:21:00','2025-01-10 17:21:00','2025-01-10 17:21:00'),
(65,'todo','Negotiate the card fee with the acquirer','TODO: Negotiate the card fee with the acquirer. We pay 0.9% + 5¢; the market is at 0.7%','["demo", "work", "lisbon", "money"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "high"}','work',6,'accepted','2025-01-10 16:13:00','2025-01-10 16:13:00','2025-01-10 16:13:00'),
(67,'todo','Read the new fire safety rules','TODO: Read the new fire safety rules','["demo", "work", "lisbon", "legal"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium"}','work',6,'accepted','2025-01-10 14:58:00','2025-01-10 14:58:00','2025-01-10 14:58:00'),
(68,'todo','Practise the Chopin nocturne, bars 17–24','TODO: Practise the Chopin nocturne, bars 17–24','["demo", "personal", "music"]','[{"type": "mentions", "contact_id": 33}]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "in_progress", "priority": "low"}','personal',NULL,'accepted','2025-01-10 13:36:00','2025-01-10 13:36:00','2025-01-10 13:36:00'),
(69,'todo','Plan the family dinner 👨‍👩‍👧‍👦','TODO: Plan the family dinner 👨‍👩‍👧‍👦
Starters: José''s gazpacho
Main: risotto ai funghi
Dessert: whatever Mum brings; she won''t be stopped
','["demo", "personal", "family", "food"]','[{"type": "mentions", "contact_id": 17}]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium", "due_at": "2025-01-26"}','personal',NULL,'accepted','2025-01-10 12:30:00','2025-01-10 12:30:00','2025-01-10 12:30:00'),
(70,'todo','Archive the 2023 store photos','TODO: Archive the 2023 store photos from \\fileserver\marketing\2023\stores','["demo", "work", "housekeeping"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "low"}','work',NULL,'accepted','2025-01-10 11:17:00','2025-01-10 11:17:00','2025-01-10 11:17:00'),
(71,'todo','Pay the building insurance','TODO: Pay the building insurance','["demo", "personal", "money", "paperwork"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "done", "priority": "high", "done_at": "2025-01-10"}','personal',NULL,'accepted','2025-01-10 09:57:00','2025-01-10 09:57:00','2025-01-10 09:57:00'),
(73,'todo','Set a retention rule for camera footage','TODO: Set a retention rule for camera footage: keep 72 hours; never upload','["demo", "personal", "homelab", "privacy"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium"}','personal',1,'accepted','2025-01-10 08:30:00','2025-01-10 08:30:00','2025-01-10 08:30:00'),
(74,'todo','Check the scanner''s leading zeros','TODO: Check the scanner''s leading zeros: 0012 must not become 12','["demo", "work", "pos", "bug"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "done", "priority": "high", "done_at": "2025-01-14"}','work',2,'accepted','2025-01-10 07:19:00','2025-01-10 07:19:00','2025-01-10 07:19:00'),
(75,'todo','Choose a colour for the kitchen wall','TODO: Choose a colour for the kitchen wall; "Skimming Stone" or ''Setting Plaster''?','["demo", "personal", "kitchen", "decisions"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "low"}','personal',4,'accepted','2025-01-09 21:01:00','2025-01-09 21:01:00','2025-01-09 21:01:00'),
(76,'todo','Collect the team''s holiday requests','TODO: Collect the team''s holiday requests','["demo", "work", "team"]','[{"type": "mentions", "contact_id": 15}]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium", "due_at": "2025-01-31"}','work',NULL,'accepted','2025-01-09 19:36:00','2025-01-09 19:36:00','2025-01-09 19:36:00'),
(77,'todo','Donate the boxes in the cellar','TODO: Donate the boxes in the cellar','["demo", "personal", "home", "errands"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "low"}','personal',NULL,'accepted','2025-01-09 18:27:00','2025-01-09 18:27:00','2025-01-09 18:27:00'),
(79,'todo','Write the cash drawer instructions','TODO: Write the cash drawer instructions
"Open with *0#; if it sticks, don''t force it; call :support on 4400"','["demo", "work", "pos", "docs"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium"}','work',2,'accepted','2025-01-09 17:11:00','2025-01-09 17:11:00','2025-01-09 17:11:00'),
(80,'todo','Try the sourdough recipe again 🍞','TODO: Try the sourdough recipe again 🍞 with 75% hydration; 80% was soup','["demo", "personal", "food"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "low"}','personal',NULL,'pending',NULL,'2025-01-09 15:48:00','2025-01-09 15:48:00'),
(81,'todo','Order ten spare card readers','TODO: Order ten spare card readers','["demo", "work", "lisbon", "procurement"]','[{"type": "mentions", "contact_id": 5}]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium"}','work',6,'accepted','2025-01-09 14:41:00','2025-01-09 14:41:00','2025-01-09 14:41:00'),
(82,'todo','Rotate the Wi-Fi password','TODO: Rotate the Wi-Fi password (the old one is on a sticky note: "p@ss;word''1\")','["demo", "personal", "homelab", "security"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "high"}','personal',1,'accepted','2025-01-09 13:27:00','2025-01-09 13:27:00','2025-01-09 13:27:00'),
(83,'todo','Agree on opening hours with the landlord','TODO: Agree on opening hours with the landlord','["demo", "work", "lisbon", "legal"]','[{"type": "mentions", "contact_id": 30}]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium"}','work',6,'accepted','2025-01-09 12:06:00','2025-01-09 12:06:00','2025-01-09 12:06:00'),
(85,'todo','Look for the warranty of the dishwasher','TODO: Look for the warranty of the dishwasher','["demo", "personal", "kitchen", "paperwork"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium"}','personal',4,'accepted','2025-01-09 11:01:00','2025-01-09 11:01:00','2025-01-09 11:01:00'),
(86,'todo','Answer the survey from HR','TODO: Answer the survey from HR','["demo", "work", "team"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "dismissed", "priority": "low"}','work',NULL,'skipped','2025-01-09 09:49:00','2025-01-09 09:49:00','2025-01-09 09:49:00'),
(87,'todo','Send the Cyrillic receipt sample to Dmitri','TODO: Send the Cyrillic receipt sample to Dmitri: «Спасибо за покупку! Приходите ещё»','["demo", "work", "pos", "i18n"]','[{"type": "mentions", "contact_id": 9}]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium"}','work',2,'accepted','2025-01-09 08:30:00','2025-01-09 08:30:00','2025-01-09 08:30:00'),
(88,'todo','Restore one file from backup, just to be sure','TODO: Restore one file from backup, just to be sure. A backup isn''t one until it''s been restored','["demo", "personal", "homelab", "backup"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "high", "repeats": {"every": 1, "unit": "months"}}','personal',1,'accepted','2025-01-09 07:04:00','2025-01-09 07:04:00','2025-01-09 07:04:00'),
(89,'todo','Buy train tickets for the trade fair','TODO: Buy train tickets for the trade fair','["demo", "work", "travel"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "done", "priority": "medium", "done_at": "2025-01-13"}','work',NULL,'accepted','2025-01-08 21:54:00','2025-01-08 21:54:00','2025-01-08 21:54:00'),
(91,'todo','Call Grandpa on Sunday','TODO: Call Grandpa on Sunday','["demo", "personal", "family", "calls"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium", "due_at": "2025-01-19"}','personal',NULL,'accepted','2025-01-08 20:37:00','2025-01-08 20:37:00','2025-01-08 20:37:00'),
(92,'todo','Get the gas line capped','TODO: Get the gas line capped','["demo", "personal", "kitchen"]','[{"type": "mentions", "contact_id": 11}]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "blocked", "priority": "high", "blocked_by": null}','personal',4,'accepted','2025-01-08 19:13:00','2025-01-08 19:13:00','2025-01-08 19:13:00'),
(93,'todo','Map old article numbers to the new ones','TODO: Map old article numbers to the new ones
A-100 -> 20100
A-101 -> 20101
A-1O2 -> ??? (that''s a letter O; thanks, whoever typed it)
','["demo", "work", "pos", "data"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "in_progress", "priority": "medium", "estimate_hours": 6}','work',2,'accepted','2025-01-08 18:05:00','2025-01-08 18:05:00','2025-01-08 18:05:00'),
(94,'todo','Return the borrowed drill to Marcus','TODO: Return the borrowed drill to Marcus','["demo", "personal", "errands"]','[{"type": "mentions", "contact_id": 21}]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "low"}','personal',NULL,'accepted','2025-01-08 16:50:00','2025-01-08 16:50:00','2025-01-08 16:50:00'),
(95,'todo','Prepare the opening day playlist 🎶','TODO: Prepare the opening day playlist 🎶','["demo", "work", "lisbon", "opening"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "low"}','work',6,'accepted','2025-01-08 15:28:00','2025-01-08 15:28:00','2025-01-08 15:28:00'),
(97,'todo','Move DNS to the home server','TODO: Move DNS to the home server; fall back to the router if it''s down (it''s always DNS)','["demo", "personal", "homelab", "network"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium"}','personal',1,'accepted','2025-01-08 14:22:00','2025-01-08 14:22:00','2025-01-08 14:22:00'),
(98,'todo','Clarify who pays for the scaffolding','TODO: Clarify who pays for the scaffolding: we said 50/50, the offer says 60 % / 40 %','["demo", "work", "lisbon", "money"]','[{"type": "mentions", "contact_id": 30}]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "high"}','work',6,'accepted','2025-01-08 13:09:00','2025-01-08 13:09:00','2025-01-08 13:09:00'),
(99,'todo','Find out what "E-1407" on till 2 means','TODO: Find out what "E-1407" on till 2 means','["demo", "work", "pos", "bug"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium"}','work',2,'accepted','2025-01-08 11:49:00','2025-01-08 11:49:00','2025-01-08 11:49:00'),
(100,'todo','Book a table for four at Taberna da Rua','TODO: Book a table for four at Taberna da Rua','["demo", "personal", "food"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "done", "priority": "low", "done_at": "2025-01-10"}','personal',NULL,'accepted','2025-01-08 10:22:00','2025-01-08 10:22:00','2025-01-08 10:22:00'),
(101,'todo','Replace the worn chopping board','TODO: Replace the worn chopping board','["demo", "personal", "kitchen"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "low"}','personal',4,'pending',NULL,'2025-01-08 09:11:00','2025-01-08 09:11:00'),
(103,'todo','Review the cleaning contract','TODO: Review the cleaning contract, § 3 (2): "daily, except Sundays & holidays"','["demo", "work", "lisbon", "legal"]','[{"type": "mentions", "contact_id": 25}]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium"}','work',6,'accepted','2025-01-08 07:53:00','2025-01-08 07:53:00','2025-01-08 07:53:00'),
(104,'todo','Wipe the disks before recycling them','TODO: Wipe the disks before recycling them; sda, sdb
NOT sdc!!!','["demo", "personal", "homelab", "security"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "high"}','personal',1,'accepted','2025-01-07 21:28:00','2025-01-07 21:28:00','2025-01-07 21:28:00'),
(105,'todo','Thank Wei for the introduction','TODO: Thank Wei for the introduction: 谢谢你，张伟！','["demo", "work", "messages"]','[{"type": "mentions", "contact_id": 19}]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "done", "priority": "low", "done_at": "2025-01-12"}','work',NULL,'accepted','2025-01-07 20:19:00','2025-01-07 20:19:00','2025-01-07 20:19:00'),
(106,'todo','Register for the half marathon 🏃🏽‍♀️','TODO: Register for the half marathon 🏃🏽‍♀️','["demo", "personal", "health", "sport"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium", "due_at": "2025-01-27"}','personal',NULL,'accepted','2025-01-07 19:03:00','2025-01-07 19:03:00','2025-01-07 19:03:00'),
(107,'todo','Size the bandwidth for the Lisbon store','TODO: Size the bandwidth for the Lisbon store with Ravi: 6 tills * ~2 Mbit/s + cameras','["demo", "work", "lisbon", "network"]','[{"type": "mentions", "contact_id": 26}]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium"}','work',6,'accepted','2025-01-07 17:40:00','2025-01-07 17:40:00','2025-01-07 17:40:00'),
(109,'todo','Sort the photos from Christmas','TODO: Sort the photos from Christmas','["demo", "personal", "family"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "low"}','personal',NULL,'accepted','2025-01-07 16:33:00','2025-01-07 16:33:00','2025-01-07 16:33:00'),
(110,'todo','Measure how long a refund takes','TODO: Measure how long a refund takes. Target: < 20 s; today: > 45 s & a manager''s key','["demo", "work", "pos", "ux"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium"}','work',2,'accepted','2025-01-07 15:19:00','2025-01-07 15:19:00','2025-01-07 15:19:00'),
(111,'todo','Buy a proper ladder','TODO: Buy a proper ladder','["demo", "personal", "home"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "low"}','personal',NULL,'accepted','2025-01-07 13:58:00','2025-01-07 13:58:00','2025-01-07 13:58:00'),
(112,'todo','Hang the noticeboard in the break room','TODO: Hang the noticeboard in the break room','["demo", "work", "lisbon", "opening"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "low"}','work',6,'accepted','2025-01-07 12:53:00','2025-01-07 12:53:00','2025-01-07 12:53:00'),
(113,'todo','Cut the cost of the night backups','TODO: Cut the cost of the night backups; 80% of the traffic is one folder (thumbnails)','["demo", "personal", "homelab", "backup", "money"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "low"}','personal',1,'accepted','2025-01-07 11:41:00','2025-01-07 11:41:00','2025-01-07 11:41:00'),
(115,'todo','Explain the discount matrix to the new starters','TODO: Explain the discount matrix to the new starters staff 20%, students 10%, "friends of the house" 0%','["demo", "work", "pos", "training"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium"}','work',2,'accepted','2025-01-07 10:22:00','2025-01-07 10:22:00','2025-01-07 10:22:00'),
(116,'todo','Pick up the keys from the locksmith 🔑','TODO: Pick up the keys from the locksmith 🔑','["demo", "personal", "errands"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "high", "due_at": "2025-01-16"}','personal',NULL,'accepted','2025-01-07 08:56:00','2025-01-07 08:56:00','2025-01-07 08:56:00'),
(117,'todo','Ask legal about loyalty cards','TODO: Ask legal about loyalty cards (consent, retention; and who''s the controller?)','["demo", "work", "pos", "legal"]','[{"type": "mentions", "contact_id": 25}]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium"}','work',2,'accepted','2025-01-07 07:46:00','2025-01-07 07:46:00','2025-01-07 07:46:00'),
(118,'todo','Defrost the freezer before the new one comes','TODO: Defrost the freezer before the new one comes','["demo", "personal", "kitchen"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "open", "priority": "medium", "due_at": "2025-01-25"}','personal',4,'accepted','2025-01-06 21:29:00','2025-01-06 21:29:00','2025-01-06 21:29:00'),
(119,'todo','Write down what went well in week 2','TODO: Write down what went well in week 2

* the pilot store stayed open
* nobody said "it worked on my till"
* cake 🎂
','["demo", "work", "pos", "retro"]','[]','{"demo_seed": true, "demo_category": "todo", "scenario": "general"}','{"status": "done", "priority": "low", "done_at": "2025-01-14"}','work',2,'accepted','2025-01-06 20:05:00','2025-01-06 20:05:00','2025-01-06 20:05:00'),
(121,'contact','Sarah Chen','Runs the deployment side of the till migration. Prefers a call over a long mail.','["demo", "work", "devops"]','[{"type": "describes", "contact_id": 1}]','{"demo_seed": true, "demo_category": "contact", "scenario": "general"}',NULL,'work',NULL,'accepted','2025-01-15 09:00:00','2025-01-15 09:00:00','2025-01-15 09:00:00'),
(122,'contact','Miguel Ferreira','Manages the pilot store.
Deliveries Mon-Sat until 21:00; "never call between 12 and 14".
','["demo", "work", "store", "pilot"]','[{"type": "describes", "contact_id": 2}]','{"demo_seed": true, "demo_category": "contact", "scenario": "general"}',NULL,'work',NULL,'accepted','2025-01-14 21:10:00','2025-01-14 21:10:00','2025-01-14 21:10:00'),
(123,'contact','Siobhán O''Brien','Gave us 12% off above 40 units; ask again in April, it''s their year end.','["demo", "work", "supplier"]','[{"type": "describes", "contact_id": 3}]','{"demo_seed": true, "demo_category": "contact", "scenario": "general"}',NULL,'work',NULL,'accepted','2025-01-14 18:13:00','2025-01-14 18:13:00','2025-01-14 18:13:00'),
(124,'contact','田中 健司 (Kenji Tanaka)','返事は翌朝（日本時間）。He answers the next morning, always with a diagram.','["demo", "work", "supplier", "hardware"]','[{"type": "describes", "contact_id": 5}]','{"demo_seed": true, "demo_category": "contact", "scenario": "general"}',NULL,'work',NULL,'accepted','2025-01-14 15:09:00','2025-01-14 15:09:00','2025-01-14 15:09:00'),
(125,'contact','Anneliese "Anni" Müller','Drew the kitchen plan. Says: "Maß nehmen, dann träumen."','["demo", "personal", "kitchen"]','[{"type": "describes", "contact_id": 6}]','{"demo_seed": true, "demo_category": "contact", "scenario": "general"}',NULL,'personal',NULL,'accepted','2025-01-14 11:58:00','2025-01-14 11:58:00','2025-01-14 11:58:00'),
(127,'contact','Dr. Amara Okafor','Appointments only by phone; cancel 24 h ahead or pay 50%.','["demo", "personal", "health"]','[{"type": "describes", "contact_id": 7}]','{"demo_seed": true, "demo_category": "contact", "scenario": "general"}',NULL,'personal',NULL,'accepted','2025-01-14 09:03:00','2025-01-14 09:03:00','2025-01-14 09:03:00'),
(128,'contact','Дмитрий Волков','Знает всё о кодировках. If a receipt shows "Ð¡Ð¿Ð°Ñ", he is the one to ask.','["demo", "work", "i18n"]','[{"type": "describes", "contact_id": 9}]','{"demo_seed": true, "demo_category": "contact", "scenario": "general"}',NULL,'work',NULL,'accepted','2025-01-13 21:01:00','2025-01-13 21:01:00','2025-01-13 21:01:00'),
(129,'contact','Priya Raghunathan','Wrote the test plan for split payments and finds a bug before her first tea 🍵','["demo", "work", "testing"]','[{"type": "describes", "contact_id": 10}]','{"demo_seed": true, "demo_category": "contact", "scenario": "general"}',NULL,'work',NULL,'accepted','2025-01-13 17:52:00','2025-01-13 17:52:00','2025-01-13 17:52:00'),
(130,'contact','Tom O''Neill','Did the bathroom in 2022. Pays attention; doesn''t send invoices unless asked.','["demo", "personal", "kitchen", "trades"]','[{"type": "describes", "contact_id": 11}]','{"demo_seed": true, "demo_category": "contact", "scenario": "general"}',NULL,'personal',NULL,'accepted','2025-01-13 14:59:00','2025-01-13 14:59:00','2025-01-13 14:59:00'),
(131,'contact','ليلى حداد','Arabic, French, English. Signs her mails with: مع أطيب التحيات','["demo", "work", "translation"]','[{"type": "describes", "contact_id": 13}]','{"demo_seed": true, "demo_category": "contact", "scenario": "general"}',NULL,'work',NULL,'accepted','2025-01-13 11:59:00','2025-01-13 11:59:00','2025-01-13 11:59:00'),
(133,'contact','Noah Goldberg','Wants everything in one folder: C:\Users\Maya\Documents\taxes_2024\','["demo", "personal", "money"]','[{"type": "describes", "contact_id": 14}]','{"demo_seed": true, "demo_category": "contact", "scenario": "general"}',NULL,'personal',NULL,'accepted','2025-01-13 08:52:00','2025-01-13 08:52:00','2025-01-13 08:52:00'),
(134,'contact','Ingrid Sørensen','Holiday lists by the last day of the month, please; not "around the first".','["demo", "work", "team"]','[{"type": "describes", "contact_id": 15}]','{"demo_seed": true, "demo_category": "contact", "scenario": "general"}',NULL,'work',NULL,'accepted','2025-01-12 21:01:00','2025-01-12 21:01:00','2025-01-12 21:01:00'),
(135,'contact','José Luis Peña','Allergic to peanuts! 🥜🚫','["demo", "personal", "family"]','[{"type": "describes", "contact_id": 17}]','{"demo_seed": true, "demo_category": "contact", "scenario": "general"}',NULL,'personal',NULL,'accepted','2025-01-12 18:03:00','2025-01-12 18:03:00','2025-01-12 18:03:00'),
(136,'contact','Chloé Dubois','Les réparations d''abord par e-mail ; en cas d''urgence, appeler.','["demo", "personal", "home"]','[{"type": "describes", "contact_id": 18}]','{"demo_seed": true, "demo_category": "contact", "scenario": "general"}',NULL,'personal',NULL,'accepted','2025-01-12 14:58:00','2025-01-12 14:58:00','2025-01-12 14:58:00'),
(137,'contact','张伟 (Wei Zhang)','Introduced us to the card reader factory. Met at the trade fair in 2023.','["demo", "work", "supplier"]','[{"type": "describes", "contact_id": 19}]','{"demo_seed": true, "demo_category": "contact", "scenario": "general"}',NULL,'work',NULL,'accepted','2025-01-12 11:46:00','2025-01-12 11:46:00','2025-01-12 11:46:00'),
(139,'contact','Marcus "Mac" MacLeod','Owns the good drill; currently I own it.','["demo", "personal", "kitchen", "trades"]','[{"type": "describes", "contact_id": 21}]','{"demo_seed": true, "demo_category": "contact", "scenario": "general"}',NULL,'personal',NULL,'accepted','2025-01-12 08:50:00','2025-01-12 08:50:00','2025-01-12 08:50:00'),
(140,'contact','Fatima Al-Sayed','Takes in parcels. Feeds the cat. Deserves a cake.','["demo", "personal", "neighbours"]','[{"type": "describes", "contact_id": 22}]','{"demo_seed": true, "demo_category": "contact", "scenario": "general"}',NULL,'personal',NULL,'accepted','2025-01-11 21:47:00','2025-01-11 21:47:00','2025-01-11 21:47:00'),
(141,'contact','Giulia D''Angelo','Samples come by post, 3 at a time.
"Il terrazzo è bello; il rovere è per sempre."
','["demo", "personal", "kitchen", "supplier"]','[{"type": "describes", "contact_id": 23}]','{"demo_seed": true, "demo_category": "contact", "scenario": "general"}',NULL,'personal',NULL,'accepted','2025-01-11 18:37:00','2025-01-11 18:37:00','2025-01-11 18:37:00'),
(142,'contact','Aleksandra Wiśniewska','Reads contracts the day they come. Ask her § by §, not "is it okay?".','["demo", "work", "legal"]','[{"type": "describes", "contact_id": 25}]','{"demo_seed": true, "demo_category": "contact", "scenario": "general"}',NULL,'work',NULL,'accepted','2025-01-11 15:43:00','2025-01-11 15:43:00','2025-01-11 15:43:00'),
(143,'contact','Ravi Patel','Day rate 640; remote 15% less. Draws everything in ASCII |--+--|','["demo", "work", "network"]','[{"type": "describes", "contact_id": 26}]','{"demo_seed": true, "demo_category": "contact", "scenario": "general"}',NULL,'work',NULL,'accepted','2025-01-11 12:42:00','2025-01-11 12:42:00','2025-01-11 12:42:00'),
(145,'contact','Zoë van der Berg','Miso''s vaccination is due in June. She (the cat) bites; she (the vet) doesn''t mind.','["demo", "personal", "pets"]','[{"type": "describes", "contact_id": 27}]','{"demo_seed": true, "demo_category": "contact", "scenario": "general"}',NULL,'personal',NULL,'accepted','2025-01-11 09:34:00','2025-01-11 09:34:00','2025-01-11 09:34:00'),
(146,'contact','김하나 (Hannah Kim)','Designs the receipts. Sends Figma links; never attachments 🎨','["demo", "work", "design"]','[{"type": "describes", "contact_id": 29}]','{"demo_seed": true, "demo_category": "contact", "scenario": "general"}',NULL,'work',NULL,'accepted','2025-01-10 21:42:00','2025-01-10 21:42:00','2025-01-10 21:42:00'),
(147,'contact','Bruno Almeida','Has the only key to the storage room. Não atende ao domingo.','["demo", "work", "lisbon"]','[{"type": "describes", "contact_id": 30}]','{"demo_seed": true, "demo_category": "contact", "scenario": "general"}',NULL,'work',NULL,'accepted','2025-01-10 18:43:00','2025-01-10 18:43:00','2025-01-10 18:43:00'),
(148,'contact','Ελένη Παπαδοπούλου','First finding last time: user "admin''--" could log in. She still laughs about it.','["demo", "work", "security"]','[{"type": "describes", "contact_id": 31}]','{"demo_seed": true, "demo_category": "contact", "scenario": "general"}',NULL,'work',NULL,'accepted','2025-01-10 15:37:00','2025-01-10 15:37:00','2025-01-10 15:37:00'),
(149,'contact','Grace Hopper-Lindqvist','Thursdays 18:30. Bring the Chopin; leave the excuses.','["demo", "personal", "music"]','[{"type": "describes", "contact_id": 33}]','{"demo_seed": true, "demo_category": "contact", "scenario": "general"}',NULL,'personal',NULL,'accepted','2025-01-10 12:47:00','2025-01-10 12:47:00','2025-01-10 12:47:00'),
(151,'chat_message',NULL,'Let''s plan it: what has to stay online while you work?','["demo", "personal", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "assistant"}','personal',1,'accepted','2025-01-15 08:04:00','2025-01-15 08:04:00','2025-01-15 08:04:00'),
(152,'chat_message',NULL,'The cameras; and Mum''s video call on Sunday at 5pm.','["demo", "personal", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "user"}','personal',1,'accepted','2025-01-15 08:08:00','2025-01-15 08:08:00','2025-01-15 08:08:00'),
(153,'chat_message',NULL,'Then do it in this order:
1. export the old settings;
2. create VLAN 30 (guests);
3. move the cameras last.
','["demo", "personal", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "assistant"}','personal',1,'accepted','2025-01-15 08:12:00','2025-01-15 08:12:00','2025-01-15 08:12:00'),
(154,'chat_message',NULL,'What if I lock myself out? It''s happened. Twice.','["demo", "personal", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "user"}','personal',1,'accepted','2025-01-15 08:16:00','2025-01-15 08:16:00','2025-01-15 08:16:00'),
(155,'chat_message',NULL,'Keep a laptop on port 8 with a static address: 192.168.1.250/24. That port isn''t touched.','["demo", "personal", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "assistant"}','personal',1,'accepted','2025-01-15 08:20:00','2025-01-15 08:20:00','2025-01-15 08:20:00'),
(157,'chat_message',NULL,'The receipt says "100 off" instead of "100% off". Ideas?','["demo", "work", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "user"}','work',2,'accepted','2025-01-14 13:20:00','2025-01-14 13:20:00','2025-01-14 13:20:00'),
(158,'chat_message',NULL,'The per cent sign is probably taken as a format character. Compare:

    "%d% off"    (wrong)
    "%d%% off"   (right)
','["demo", "work", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "assistant"}','work',2,'accepted','2025-01-14 13:24:00','2025-01-14 13:24:00','2025-01-14 13:24:00'),
(159,'chat_message',NULL,'It''s "%d% off" in templates\receipt_pt.tpl. You''re right.','["demo", "work", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "user"}','work',2,'accepted','2025-01-14 13:28:00','2025-01-14 13:28:00','2025-01-14 13:28:00'),
(160,'chat_message',NULL,'Then change that line; and search for other single % signs in the folder.','["demo", "work", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "assistant"}','work',2,'accepted','2025-01-14 13:32:00','2025-01-14 13:32:00','2025-01-14 13:32:00'),
(161,'chat_message',NULL,'Found 3 more. All in the Portuguese files 🙈','["demo", "work", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "user"}','work',2,'accepted','2025-01-14 13:36:00','2025-01-14 13:36:00','2025-01-14 13:36:00'),
(163,'chat_message',NULL,'Can we stay under 14,000? Fridge 1,150; hob 890; worktop ???','["demo", "personal", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "user"}','personal',4,'accepted','2025-01-14 18:05:00','2025-01-14 18:05:00','2025-01-14 18:05:00'),
(164,'chat_message',NULL,'With oak at 180/m² and 5.4 m² the worktop is 972. That leaves 10,988 for cabinets, tiles and people.','["demo", "personal", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "assistant"}','personal',4,'accepted','2025-01-14 18:09:00','2025-01-14 18:09:00','2025-01-14 18:09:00'),
(165,'chat_message',NULL,'Anni says to keep 10% for surprises.','["demo", "personal", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "user"}','personal',4,'accepted','2025-01-14 18:13:00','2025-01-14 18:13:00','2025-01-14 18:13:00'),
(166,'chat_message',NULL,'She''s right: 14,000 - 10% = 12,600. Then cabinets should stay below 7,000.','["demo", "personal", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "assistant"}','personal',4,'accepted','2025-01-14 18:17:00','2025-01-14 18:17:00','2025-01-14 18:17:00'),
(167,'chat_message',NULL,'What''s the cheapest thing to drop?','["demo", "personal", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "user"}','personal',4,'accepted','2025-01-14 18:21:00','2025-01-14 18:21:00','2025-01-14 18:21:00'),
(169,'chat_message',NULL,'Caro Bruno,

obrigado pela proposta. Em novembro combinámos 50/50; a proposta diz 60 % / 40 %.
Podemos falar amanhã às 10:00?

Com os melhores cumprimentos
','["demo", "work", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "assistant"}','work',6,'accepted','2025-01-13 09:14:00','2025-01-13 09:14:00','2025-01-13 09:14:00'),
(170,'chat_message',NULL,'Good! Less formal at the end, he''s nice.','["demo", "work", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "user"}','work',6,'accepted','2025-01-13 09:18:00','2025-01-13 09:18:00','2025-01-13 09:18:00'),
(171,'chat_message',NULL,'"Um abraço" then. It''s warm; it isn''t too much.','["demo", "work", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "assistant"}','work',6,'accepted','2025-01-13 09:22:00','2025-01-13 09:22:00','2025-01-13 09:22:00'),
(172,'chat_message',NULL,'And in English for my files?','["demo", "work", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "user"}','work',6,'accepted','2025-01-13 09:26:00','2025-01-13 09:26:00','2025-01-13 09:26:00'),
(173,'chat_message',NULL,'Dear Bruno, thank you for the offer. In November we agreed on 50/50; the offer says 60 % / 40 %. Can we talk tomorrow at 10:00?','["demo", "work", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "assistant"}','work',6,'accepted','2025-01-13 09:30:00','2025-01-13 09:30:00','2025-01-13 09:30:00'),
(175,'chat_message',NULL,'Nine people, one of them with a peanut allergy, two vegetarians 🥕','["demo", "personal", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "user"}','personal',NULL,'accepted','2025-01-12 20:40:00','2025-01-12 20:40:00','2025-01-12 20:40:00'),
(176,'chat_message',NULL,'Gazpacho, risotto ai funghi, and a fruit tart. All of it is vegetarian and free of peanuts.','["demo", "personal", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "assistant"}','personal',NULL,'accepted','2025-01-12 20:44:00','2025-01-12 20:44:00','2025-01-12 20:44:00'),
(177,'chat_message',NULL,'How much rice?','["demo", "personal", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "user"}','personal',NULL,'accepted','2025-01-12 20:48:00','2025-01-12 20:48:00','2025-01-12 20:48:00'),
(178,'chat_message',NULL,'80 g each, so 720 g; take 800 g and hope nobody''s counting.','["demo", "personal", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "assistant"}','personal',NULL,'accepted','2025-01-12 20:52:00','2025-01-12 20:52:00','2025-01-12 20:52:00'),
(179,'chat_message',NULL,'José asks: ¿y el vino? 🍷','["demo", "personal", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "user"}','personal',NULL,'accepted','2025-01-12 20:56:00','2025-01-12 20:56:00','2025-01-12 20:56:00'),
(181,'chat_message',NULL,'Imagine one big toy box with invisible walls. The red toys can''t see the blue toys, although it''s one box.','["demo", "personal", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "assistant"}','personal',1,'accepted','2025-01-11 11:04:00','2025-01-11 11:04:00','2025-01-11 11:04:00'),
(182,'chat_message',NULL,'And the router?','["demo", "personal", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "user"}','personal',1,'accepted','2025-01-11 11:08:00','2025-01-11 11:08:00','2025-01-11 11:08:00'),
(183,'chat_message',NULL,'A grown-up who carries a toy across if you ask nicely; or says no. That "no" is the firewall.','["demo", "personal", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "assistant"}','personal',1,'accepted','2025-01-11 11:12:00','2025-01-11 11:12:00','2025-01-11 11:12:00'),
(184,'chat_message',NULL,'So guests = green toys, and the NAS is on the top shelf?','["demo", "personal", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "user"}','personal',1,'accepted','2025-01-11 11:16:00','2025-01-11 11:16:00','2025-01-11 11:16:00'),
(185,'chat_message',NULL,'Exactly. 🧸','["demo", "personal", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "assistant"}','personal',1,'accepted','2025-01-11 11:20:00','2025-01-11 11:20:00','2025-01-11 11:20:00'),
(187,'chat_message',NULL,'Row 1,204 kills the import:
5601234567890;"Café ""Bica"" 250g";3,49','["demo", "work", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "user"}','work',2,'accepted','2025-01-10 15:30:00','2025-01-10 15:30:00','2025-01-10 15:30:00'),
(188,'chat_message',NULL,'The quotes are doubled, as they should be. Does the parser split at '';'' before it looks at quotes?','["demo", "work", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "assistant"}','work',2,'accepted','2025-01-10 15:34:00','2025-01-10 15:34:00','2025-01-10 15:34:00'),
(189,'chat_message',NULL,'It does line.split(";"). Oh no.','["demo", "work", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "user"}','work',2,'accepted','2025-01-10 15:38:00','2025-01-10 15:38:00','2025-01-10 15:38:00'),
(190,'chat_message',NULL,'Use a CSV reader instead; in pseudo-code:

for row in reader(file, delimiter=";", quotechar=''"''):
    save(row)','["demo", "work", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "assistant"}','work',2,'accepted','2025-01-10 15:42:00','2025-01-10 15:42:00','2025-01-10 15:42:00'),
(191,'chat_message',NULL,'All 8,116 rows are in. Thank you!!','["demo", "work", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "user"}','work',2,'accepted','2025-01-10 15:46:00','2025-01-10 15:46:00','2025-01-10 15:46:00'),
(193,'chat_message',NULL,'Miso 🐈
07:00 - half a tin
19:00 - the other half + pill
','["demo", "personal", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "assistant"}','personal',NULL,'accepted','2025-01-09 07:49:00','2025-01-09 07:49:00','2025-01-09 07:49:00'),
(194,'chat_message',NULL,'Add that she bites.','["demo", "personal", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "user"}','personal',NULL,'accepted','2025-01-09 07:53:00','2025-01-09 07:53:00','2025-01-09 07:53:00'),
(195,'chat_message',NULL,'"She bites (with love)."','["demo", "personal", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "assistant"}','personal',NULL,'accepted','2025-01-09 07:57:00','2025-01-09 07:57:00','2025-01-09 07:57:00'),
(196,'chat_message',NULL,'And the vet''s number; it''s on the fridge.','["demo", "personal", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "user"}','personal',NULL,'accepted','2025-01-09 08:01:00','2025-01-09 08:01:00','2025-01-09 08:01:00'),
(197,'chat_message',NULL,'Then "Vet - see fridge" is enough.','["demo", "personal", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "assistant"}','personal',NULL,'accepted','2025-01-09 08:05:00','2025-01-09 08:05:00','2025-01-09 08:05:00'),
(199,'chat_message',NULL,'Say "We''re open!" in Portuguese, Arabic and Japanese.','["demo", "work", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "user"}','work',6,'accepted','2025-01-08 16:15:00','2025-01-08 16:15:00','2025-01-08 16:15:00'),
(200,'chat_message',NULL,'Estamos abertos! / نحن مفتوحون! / 営業中です！','["demo", "work", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "assistant"}','work',6,'accepted','2025-01-08 16:19:00','2025-01-08 16:19:00','2025-01-08 16:19:00'),
(201,'chat_message',NULL,'Does the Arabic one break the layout of the poster? It runs right to left.','["demo", "work", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "user"}','work',6,'accepted','2025-01-08 16:23:00','2025-01-08 16:23:00','2025-01-08 16:23:00'),
(202,'chat_message',NULL,'Only if it shares a line with prices; give it a line of its own.','["demo", "work", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "assistant"}','work',6,'accepted','2025-01-08 16:27:00','2025-01-08 16:27:00','2025-01-08 16:27:00'),
(203,'chat_message',NULL,'Ask Layla to check: "قهوة" or "القهوة" for the menu?','["demo", "work", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "user"}','work',6,'accepted','2025-01-08 16:31:00','2025-01-08 16:31:00','2025-01-08 16:31:00'),
(205,'chat_message',NULL,'Half marathon in 12 weeks. I run 5 km now; slowly.','["demo", "personal", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "user"}','personal',NULL,'accepted','2025-01-07 21:00:00','2025-01-07 21:00:00','2025-01-07 21:00:00'),
(206,'chat_message',NULL,'Then: 3 runs a week, +10% distance each week, every 4th week easy.','["demo", "personal", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "assistant"}','personal',NULL,'accepted','2025-01-07 21:04:00','2025-01-07 21:04:00','2025-01-07 21:04:00'),
(207,'chat_message',NULL,'My knee says hello after 40 minutes.','["demo", "personal", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "user"}','personal',NULL,'accepted','2025-01-07 21:08:00','2025-01-07 21:08:00','2025-01-07 21:08:00'),
(208,'chat_message',NULL,'Stay at 35 minutes for two weeks, and see someone about it if it doesn''t stop.','["demo", "personal", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "assistant"}','personal',NULL,'accepted','2025-01-07 21:12:00','2025-01-07 21:12:00','2025-01-07 21:12:00'),
(209,'chat_message',NULL,'OK 🏃🏽‍♀️💨','["demo", "personal", "chat"]','[]','{"demo_seed": true, "demo_category": "chat_message", "scenario": "general"}','{"role": "user"}','personal',NULL,'accepted','2025-01-07 21:16:00','2025-01-07 21:16:00','2025-01-07 21:16:00');

-- Chat Sessions
INSERT INTO chat_sessions (id,title,messages,message_count,last_activity_at,metadata,created_at,updated_at) VALUES
(1,'Planning weekend home lab work','[{"content": "Need to configure the router this weekend", "role": "user", "timestamp": "2025-01-15 08:00:00"}, {"fragment_id": 151, "role": "assistant", "timestamp": "2025-01-15 08:04:00"}, {"fragment_id": 152, "role": "user", "timestamp": "2025-01-15 08:08:00"}, {"fragment_id": 153, "role": "assistant", "timestamp": "2025-01-15 08:12:00"}, {"fragment_id": 154, "role": "user", "timestamp": "2025-01-15 08:16:00"}, {"fragment_id": 155, "role": "assistant", "timestamp": "2025-01-15 08:20:00"}, {"content": "Perfect \ud83d\udc4d", "role": "user", "timestamp": "2025-01-15 08:24:00"}]',7,'2025-01-15 08:24:00','{"demo_seed": true, "scenario": "general"}','2025-01-15 08:00:00','2025-01-15 08:24:00'),
(2,'Receipts: why does 100% become 100?','[{"fragment_id": 157, "role": "user", "timestamp": "2025-01-14 13:20:00"}, {"fragment_id": 158, "role": "assistant", "timestamp": "2025-01-14 13:24:00"}, {"fragment_id": 159, "role": "user", "timestamp": "2025-01-14 13:28:00"}, {"fragment_id": 160, "role": "assistant", "timestamp": "2025-01-14 13:32:00"}, {"fragment_id": 161, "role": "user", "timestamp": "2025-01-14 13:36:00"}, {"content": "Happy to draft the change note if you like.", "role": "assistant", "timestamp": "2025-01-14 13:40:00"}]',6,'2025-01-14 13:40:00','{"demo_seed": true, "scenario": "general"}','2025-01-14 13:20:00','2025-01-14 13:40:00'),
(4,'Kitchen budget, second try','[{"fragment_id": 163, "role": "user", "timestamp": "2025-01-14 18:05:00"}, {"fragment_id": 164, "role": "assistant", "timestamp": "2025-01-14 18:09:00"}, {"fragment_id": 165, "role": "user", "timestamp": "2025-01-14 18:13:00"}, {"fragment_id": 166, "role": "assistant", "timestamp": "2025-01-14 18:17:00"}, {"fragment_id": 167, "role": "user", "timestamp": "2025-01-14 18:21:00"}, {"content": "The \"concrete look\" splashback. Paint there costs 4% of it.", "role": "assistant", "timestamp": "2025-01-14 18:25:00"}, {"content": "Sold.", "role": "user", "timestamp": "2025-01-14 18:29:00"}]',7,'2025-01-14 18:29:00','{"demo_seed": true, "scenario": "general"}','2025-01-14 18:05:00','2025-01-14 18:29:00'),
(5,'Draft mail to the Lisbon landlord','[{"content": "Write a friendly but firm mail about the scaffolding cost.", "role": "user", "timestamp": "2025-01-13 09:10:00"}, {"fragment_id": 169, "role": "assistant", "timestamp": "2025-01-13 09:14:00"}, {"fragment_id": 170, "role": "user", "timestamp": "2025-01-13 09:18:00"}, {"fragment_id": 171, "role": "assistant", "timestamp": "2025-01-13 09:22:00"}, {"fragment_id": 172, "role": "user", "timestamp": "2025-01-13 09:26:00"}, {"fragment_id": 173, "role": "assistant", "timestamp": "2025-01-13 09:30:00"}]',6,'2025-01-13 09:30:00','{"demo_seed": true, "scenario": "general"}','2025-01-13 09:10:00','2025-01-13 09:30:00'),
(7,'What to cook for nine people','[{"fragment_id": 175, "role": "user", "timestamp": "2025-01-12 20:40:00"}, {"fragment_id": 176, "role": "assistant", "timestamp": "2025-01-12 20:44:00"}, {"fragment_id": 177, "role": "user", "timestamp": "2025-01-12 20:48:00"}, {"fragment_id": 178, "role": "assistant", "timestamp": "2025-01-12 20:52:00"}, {"fragment_id": 179, "role": "user", "timestamp": "2025-01-12 20:56:00"}, {"content": "One bottle per three guests, plus one for the cook.", "role": "assistant", "timestamp": "2025-01-12 21:00:00"}]',6,'2025-01-12 21:00:00','{"demo_seed": true, "scenario": "general"}','2025-01-12 20:40:00','2025-01-12 21:00:00'),
(8,'Explain VLANs like I''m five','[{"content": "Explain VLANs like I''m five.", "role": "user", "timestamp": "2025-01-11 11:00:00"}, {"fragment_id": 181, "role": "assistant", "timestamp": "2025-01-11 11:04:00"}, {"fragment_id": 182, "role": "user", "timestamp": "2025-01-11 11:08:00"}, {"fragment_id": 183, "role": "assistant", "timestamp": "2025-01-11 11:12:00"}, {"fragment_id": 184, "role": "user", "timestamp": "2025-01-11 11:16:00"}, {"fragment_id": 185, "role": "assistant", "timestamp": "2025-01-11 11:20:00"}]',6,'2025-01-11 11:20:00','{"demo_seed": true, "scenario": "general"}','2025-01-11 11:00:00','2025-01-11 11:20:00'),
(10,'CSV import stops at row 1,204','[{"fragment_id": 187, "role": "user", "timestamp": "2025-01-10 15:30:00"}, {"fragment_id": 188, "role": "assistant", "timestamp": "2025-01-10 15:34:00"}, {"fragment_id": 189, "role": "user", "timestamp": "2025-01-10 15:38:00"}, {"fragment_id": 190, "role": "assistant", "timestamp": "2025-01-10 15:42:00"}, {"fragment_id": 191, "role": "user", "timestamp": "2025-01-10 15:46:00"}, {"content": "You''re welcome. A test with that very row would keep it fixed.", "role": "assistant", "timestamp": "2025-01-10 15:50:00"}]',6,'2025-01-10 15:50:00','{"demo_seed": true, "scenario": "general"}','2025-01-10 15:30:00','2025-01-10 15:50:00'),
(11,'Names for the cat-sitter note','[{"content": "Shorten this: \"Miso eats at 7:00 & 19:00, half a tin; the pill goes into the second half.\"", "role": "user", "timestamp": "2025-01-09 07:45:00"}, {"fragment_id": 193, "role": "assistant", "timestamp": "2025-01-09 07:49:00"}, {"fragment_id": 194, "role": "user", "timestamp": "2025-01-09 07:53:00"}, {"fragment_id": 195, "role": "assistant", "timestamp": "2025-01-09 07:57:00"}, {"fragment_id": 196, "role": "user", "timestamp": "2025-01-09 08:01:00"}, {"fragment_id": 197, "role": "assistant", "timestamp": "2025-01-09 08:05:00"}]',6,'2025-01-09 08:05:00','{"demo_seed": true, "scenario": "general"}','2025-01-09 07:45:00','2025-01-09 08:05:00'),
(13,'Opening day in three languages','[{"fragment_id": 199, "role": "user", "timestamp": "2025-01-08 16:15:00"}, {"fragment_id": 200, "role": "assistant", "timestamp": "2025-01-08 16:19:00"}, {"fragment_id": 201, "role": "user", "timestamp": "2025-01-08 16:23:00"}, {"fragment_id": 202, "role": "assistant", "timestamp": "2025-01-08 16:27:00"}, {"fragment_id": 203, "role": "user", "timestamp": "2025-01-08 16:31:00"}, {"content": "On a menu the short form is usual. She''ll know best.", "role": "assistant", "timestamp": "2025-01-08 16:35:00"}]',6,'2025-01-08 16:35:00','{"demo_seed": true, "scenario": "general"}','2025-01-08 16:15:00','2025-01-08 16:35:00'),
(14,'A gentle running plan','[{"fragment_id": 205, "role": "user", "timestamp": "2025-01-07 21:00:00"}, {"fragment_id": 206, "role": "assistant", "timestamp": "2025-01-07 21:04:00"}, {"fragment_id": 207, "role": "user", "timestamp": "2025-01-07 21:08:00"}, {"fragment_id": 208, "role": "assistant", "timestamp": "2025-01-07 21:12:00"}, {"fragment_id": 209, "role": "user", "timestamp": "2025-01-07 21:16:00"}, {"content": "Week 1 - Tue 5 km, Thu 4 km, Sun 6 km. All of it slow enough to talk.", "role": "assistant", "timestamp": "2025-01-07 21:20:00"}]',6,'2025-01-07 21:20:00','{"demo_seed": true, "scenario": "general"}','2025-01-07 21:00:00','2025-01-07 21:20:00');

-- Contacts
INSERT INTO contacts (id,name,role,company,email,phone,metadata,created_at,updated_at) VALUES
(1,'Sarah Chen','DevOps Lead','TechCorp','sarah.chen@techcorp.example.com',NULL,'{"demo_seed": true, "scenario": "general"}','2025-01-15 09:00:00','2025-01-15 09:00:00'),
(2,'Miguel Ferreira','Store Manager','Loja do Chiado','miguel.ferreira@chiado.example.com','+351 555 010 142','{"demo_seed": true, "scenario": "general"}','2025-01-14 21:10:00','2025-01-14 21:10:00'),
(3,'Siobhán O''Brien','Account Executive','Paperclip & Sons Ltd.','siobhan.obrien@paperclip.example.com','+353 555 0103','{"demo_seed": true, "scenario": "general"}','2025-01-14 18:13:00','2025-01-14 18:13:00'),
(5,'田中 健司 (Kenji Tanaka)','Payment Terminals Engineer','株式会社ミドリ端末','kenji.tanaka@midori.example.com','+81 555 0105','{"demo_seed": true, "scenario": "general"}','2025-01-14 15:09:00','2025-01-14 15:09:00'),
(6,'Anneliese "Anni" Müller','Interior Architect','Müller & Söhne GmbH','anni@mueller.example.com','+49 30 5550 106','{"demo_seed": true, "scenario": "general"}','2025-01-14 11:58:00','2025-01-14 11:58:00'),
(7,'Dr. Amara Okafor','Dentist',NULL,'practice@okafor.example.com','+1 555 0107','{"demo_seed": true, "scenario": "general"}','2025-01-14 09:03:00','2025-01-14 09:03:00'),
(9,'Дмитрий Волков','Localisation Engineer','TechCorp','dmitri.volkov@techcorp.example.com','','{"demo_seed": true, "scenario": "general"}','2025-01-13 21:01:00','2025-01-13 21:01:00'),
(10,'Priya Raghunathan','QA Lead','TechCorp','priya.raghunathan@techcorp.example.com','+91 555 0110','{"demo_seed": true, "scenario": "general"}','2025-01-13 17:52:00','2025-01-13 17:52:00'),
(11,'Tom O''Neill','Plumber','O''Neill Plumbing; Heating; Gas','tom@oneill.example.com','+44 555 0111','{"demo_seed": true, "scenario": "general"}','2025-01-13 14:59:00','2025-01-13 14:59:00'),
(13,'ليلى حداد','Translator','Haddad Language Studio','layla@haddad.example.com','+961 555 0113','{"demo_seed": true, "scenario": "general"}','2025-01-13 11:59:00','2025-01-13 11:59:00'),
(14,'Noah Goldberg','Tax Accountant','Goldberg, Stein & Partner','noah.goldberg@goldberg-stein.example.com','+1 555 0114','{"demo_seed": true, "scenario": "general"}','2025-01-13 08:52:00','2025-01-13 08:52:00'),
(15,'Ingrid Sørensen','HR Partner','TechCorp','ingrid.sorensen@techcorp.example.com','+47 555 0115','{"demo_seed": true, "scenario": "general"}','2025-01-12 21:01:00','2025-01-12 21:01:00'),
(17,'José Luis Peña','Brother-in-law & gazpacho expert',NULL,'jose.luis@pena.example.com','+34 555 010 117','{"demo_seed": true, "scenario": "general"}','2025-01-12 18:03:00','2025-01-12 18:03:00'),
(18,'Chloé Dubois','Property Manager','Immobilière de l''Étoile','chloe.dubois@etoile.example.com','+33 1 55 50 01 18','{"demo_seed": true, "scenario": "general"}','2025-01-12 14:58:00','2025-01-12 14:58:00'),
(19,'张伟 (Wei Zhang)','Sourcing Manager','Golden Harbour Trading','wei.zhang@goldenharbour.example.com','+86 555 0119','{"demo_seed": true, "scenario": "general"}','2025-01-12 11:46:00','2025-01-12 11:46:00'),
(21,'Marcus "Mac" MacLeod','Electrician','MacLeod Electrical','mac@macleod.example.com','+44 555 0121','{"demo_seed": true, "scenario": "general"}','2025-01-12 08:50:00','2025-01-12 08:50:00'),
(22,'Fatima Al-Sayed','Neighbour, 3rd floor','',NULL,'+1 555 0122','{"demo_seed": true, "scenario": "general"}','2025-01-11 21:47:00','2025-01-11 21:47:00'),
(23,'Giulia D''Angelo','Kitchen Supplier','D''Angelo Cucine S.r.l.','giulia@dangelo.example.com','+39 555 0123','{"demo_seed": true, "scenario": "general"}','2025-01-11 18:37:00','2025-01-11 18:37:00'),
(25,'Aleksandra Wiśniewska','Legal Counsel','TechCorp','aleksandra.wisniewska@techcorp.example.com','+48 555 0125','{"demo_seed": true, "scenario": "general"}','2025-01-11 15:43:00','2025-01-11 15:43:00'),
(26,'Ravi Patel','Network Consultant','100% Uptime Ltd','ravi@uptime100.example.com','+44 555 0126','{"demo_seed": true, "scenario": "general"}','2025-01-11 12:42:00','2025-01-11 12:42:00'),
(27,'Zoë van der Berg','Veterinarian','Dierenkliniek ''t Hof','zoe@thof.example.com','+31 555 0127','{"demo_seed": true, "scenario": "general"}','2025-01-11 09:34:00','2025-01-11 09:34:00'),
(29,'김하나 (Hannah Kim)','Product Designer','Studio Hanok','hannah@hanok.example.com','+82 555 0129','{"demo_seed": true, "scenario": "general"}','2025-01-10 21:42:00','2025-01-10 21:42:00'),
(30,'Bruno Almeida','Building Manager','Edifício Garrett 24','bruno.almeida@garrett24.example.com','+351 555 010 130','{"demo_seed": true, "scenario": "general"}','2025-01-10 18:43:00','2025-01-10 18:43:00'),
(31,'Ελένη Παπαδοπούλου','Security Auditor','Kleidi Security','eleni@kleidi.example.com','+30 555 0131','{"demo_seed": true, "scenario": "general"}','2025-01-10 15:37:00','2025-01-10 15:37:00'),
(33,'Grace Hopper-Lindqvist','Piano Teacher',NULL,'grace@hopper-lindqvist.example.com','+46 555 0133','{"demo_seed": true, "scenario": "general"}','2025-01-10 12:47:00','2025-01-10 12:47:00');

-- Todos
INSERT INTO todos (id,fragment_id,title,state) VALUES
(1,1,'Pick up dry cleaning from Main Street cleaners','{"status": "open", "priority": "medium"}'),
(2,2,'Confirm go-live window with the Chiado store','{"status": "open", "priority": "high", "due_at": "2025-01-17"}'),
(3,3,'Return library books','{"status": "open", "priority": "low"}'),
(4,4,'Label every cable in the network cabinet','{"status": "in_progress", "priority": "medium"}'),
(6,5,'Book dentist appointment with Dr. Okafor','{"status": "open", "priority": "medium", "due_at": "2025-01-20"}'),
(7,7,'Collect receipt printer quotes from three suppliers','{"status": "in_progress", "priority": "medium"}'),
(8,8,'Move the NAS backup off the old laptop','{"status": "open", "priority": "high"}'),
(9,9,'Measure the kitchen alcove for the new fridge','{"status": "done", "priority": "medium", "done_at": "2025-01-13"}'),
(11,10,'Order worktop samples from D''Angelo','{"status": "open", "priority": "medium"}'),
(12,11,'Translate the shelf labels into Portuguese','{"status": "open", "priority": "medium", "due_at": "2025-01-24"}'),
(13,13,'Call the plumber about the dripping tap','{"status": "open", "priority": "high"}'),
(14,14,'Write the rollback plan for the till migration','{"status": "in_progress", "priority": "high", "estimate_hours": 4.5}'),
(16,15,'Renew passport before March','{"status": "open", "priority": "high", "due_at": "2025-02-28"}'),
(17,16,'Buy birthday present for Mum 🎁','{"status": "open", "priority": "medium", "due_at": "2025-01-29"}'),
(18,17,'Review Priya''s test plan for split payments','{"status": "open", "priority": "medium"}'),
(19,19,'Ask Kenji for the terminal firmware notes','{"status": "open", "priority": "medium"}'),
(21,20,'Replace batteries in the smoke detectors','{"status": "done", "priority": "high", "done_at": "2025-01-11"}'),
(22,21,'Set up VLAN for guests','{"status": "open", "priority": "medium"}'),
(23,22,'Sign the lease for the storage room','{"status": "open", "priority": "high", "due_at": "2025-01-21"}'),
(24,23,'Cancel the unused streaming subscription','{"status": "done", "priority": "low", "done_at": "2025-01-09"}'),
(26,25,'Check why receipts print "100%" as "100"','{"status": "open", "priority": "high"}'),
(27,26,'Descale the coffee machine ☕','{"status": "open", "priority": "low"}'),
(28,27,'Pick cabinet handles with Anni','{"status": "open", "priority": "low"}'),
(29,28,'Export last year''s invoices for the accountant','{"status": "in_progress", "priority": "high", "due_at": "2025-01-31"}'),
(31,29,'Rack the new UPS','{"status": "open", "priority": "medium", "estimate_hours": 1.5}'),
(32,31,'Prepare the weekly status mail','{"status": "open", "priority": "medium"}'),
(33,32,'Find a cattery for the February trip','{"status": "open", "priority": "medium"}'),
(34,33,'Compare tile grout colours','{"status": "open", "priority": "low"}'),
(36,34,'Order the shop sign for Lisbon','{"status": "open", "priority": "high", "due_at": "2025-01-22"}'),
(37,35,'Update the on-call rota','{"status": "open", "priority": "medium"}'),
(38,37,'Water the plants','{"status": "open", "priority": "low", "repeats": {"every": 3, "unit": "days"}}'),
(39,38,'Fix the flaky barcode import','{"status": "in_progress", "priority": "high"}'),
(41,39,'Renew the wildcard certificate','{"status": "open", "priority": "high", "due_at": "2025-01-26"}'),
(42,40,'Reply to Chloé about the balcony','{"status": "open", "priority": "low"}'),
(43,41,'Schedule the penetration test','{"status": "open", "priority": "high"}'),
(44,43,'Repot the basil 🌿','{"status": "open", "priority": "low"}'),
(46,44,'Decide between induction and gas','{"status": "open", "priority": "high"}'),
(47,45,'Onboard the two Lisbon shift leads','{"status": "open", "priority": "medium"}'),
(48,46,'Clean the gutters before the rain','{"status": "done", "priority": "medium", "done_at": "2025-01-12"}'),
(49,47,'Document the tax rounding rule','{"status": "open", "priority": "medium"}'),
(51,49,'Replace the noisy fan in the mini server','{"status": "open", "priority": "low"}'),
(52,50,'Send Layla the menu board texts','{"status": "open", "priority": "medium"}'),
(53,51,'Get a quote for repainting the hallway','{"status": "open", "priority": "low"}'),
(54,52,'Test the till with the network cable unplugged','{"status": "open", "priority": "high"}'),
(56,53,'Take the car for its inspection','{"status": "open", "priority": "high", "due_at": "2025-01-23"}'),
(57,55,'Try out the "no phone after nine" rule','{"status": "in_progress", "priority": "low"}'),
(58,56,'Replace the string ''N/A'' in the product master','{"status": "open", "priority": "medium"}'),
(59,57,'Draw the rack layout','{"status": "done", "priority": "low", "done_at": "2025-01-08"}'),
(61,58,'Chase the electrician''s certificate','{"status": "open", "priority": "medium"}'),
(62,59,'Book flights to Lisbon for the opening ✈️','{"status": "open", "priority": "high", "due_at": "2025-01-19"}'),
(63,61,'Ask Fatima to take in the parcel','{"status": "done", "priority": "low", "done_at": "2025-01-14"}'),
(64,62,'Approve Hannah''s receipt design','{"status": "open", "priority": "medium"}'),
(66,63,'Sharpen the kitchen knives','{"status": "open", "priority": "low"}'),
(67,64,'Add monitoring for disk temperatures','{"status": "open", "priority": "medium"}'),
(68,65,'Negotiate the card fee with the acquirer','{"status": "open", "priority": "high"}'),
(69,67,'Read the new fire safety rules','{"status": "open", "priority": "medium"}'),
(71,68,'Practise the Chopin nocturne, bars 17–24','{"status": "in_progress", "priority": "low"}'),
(72,69,'Plan the family dinner 👨‍👩‍👧‍👦','{"status": "open", "priority": "medium", "due_at": "2025-01-26"}'),
(73,70,'Archive the 2023 store photos','{"status": "open", "priority": "low"}'),
(74,71,'Pay the building insurance','{"status": "done", "priority": "high", "done_at": "2025-01-10"}'),
(76,73,'Set a retention rule for camera footage','{"status": "open", "priority": "medium"}'),
(77,74,'Check the scanner''s leading zeros','{"status": "done", "priority": "high", "done_at": "2025-01-14"}'),
(78,75,'Choose a colour for the kitchen wall','{"status": "open", "priority": "low"}'),
(79,76,'Collect the team''s holiday requests','{"status": "open", "priority": "medium", "due_at": "2025-01-31"}'),
(81,77,'Donate the boxes in the cellar','{"status": "open", "priority": "low"}'),
(82,79,'Write the cash drawer instructions','{"status": "open", "priority": "medium"}'),
(83,80,'Try the sourdough recipe again 🍞','{"status": "open", "priority": "low"}'),
(84,81,'Order ten spare card readers','{"status": "open", "priority": "medium"}'),
(86,82,'Rotate the Wi-Fi password','{"status": "open", "priority": "high"}'),
(87,83,'Agree on opening hours with the landlord','{"status": "open", "priority": "medium"}'),
(88,85,'Look for the warranty of the dishwasher','{"status": "open", "priority": "medium"}'),
(89,86,'Answer the survey from HR','{"status": "dismissed", "priority": "low"}'),
(91,87,'Send the Cyrillic receipt sample to Dmitri','{"status": "open", "priority": "medium"}'),
(92,88,'Restore one file from backup, just to be sure','{"status": "open", "priority": "high", "repeats": {"every": 1, "unit": "months"}}'),
(93,89,'Buy train tickets for the trade fair','{"status": "done", "priority": "medium", "done_at": "2025-01-13"}'),
(94,91,'Call Grandpa on Sunday','{"status": "open", "priority": "medium", "due_at": "2025-01-19"}'),
(96,92,'Get the gas line capped','{"status": "blocked", "priority": "high", "blocked_by": null}'),
(97,93,'Map old article numbers to the new ones','{"status": "in_progress", "priority": "medium", "estimate_hours": 6}'),
(98,94,'Return the borrowed drill to Marcus','{"status": "open", "priority": "low"}'),
(99,95,'Prepare the opening day playlist 🎶','{"status": "open", "priority": "low"}'),
(101,97,'Move DNS to the home server','{"status": "open", "priority": "medium"}'),
(102,98,'Clarify who pays for the scaffolding','{"status": "open", "priority": "high"}'),
(103,99,'Find out what "E-1407" on till 2 means','{"status": "open", "priority": "medium"}'),
(104,100,'Book a table for four at Taberna da Rua','{"status": "done", "priority": "low", "done_at": "2025-01-10"}'),
(106,101,'Replace the worn chopping board','{"status": "open", "priority": "low"}'),
(107,103,'Review the cleaning contract','{"status": "open", "priority": "medium"}'),
(108,104,'Wipe the disks before recycling them','{"status": "open", "priority": "high"}'),
(109,105,'Thank Wei for the introduction','{"status": "done", "priority": "low", "done_at": "2025-01-12"}'),
(111,106,'Register for the half marathon 🏃🏽‍♀️','{"status": "open", "priority": "medium", "due_at": "2025-01-27"}'),
(112,107,'Size the bandwidth for the Lisbon store','{"status": "open", "priority": "medium"}'),
(113,109,'Sort the photos from Christmas','{"status": "open", "priority": "low"}'),
(114,110,'Measure how long a refund takes','{"status": "open", "priority": "medium"}'),
(116,111,'Buy a proper ladder','{"status": "open", "priority": "low"}'),
(117,112,'Hang the noticeboard in the break room','{"status": "open", "priority": "low"}'),
(118,113,'Cut the cost of the night backups','{"status": "open", "priority": "low"}'),
(119,115,'Explain the discount matrix to the new starters','{"status": "open", "priority": "medium"}'),
(121,116,'Pick up the keys from the locksmith 🔑','{"status": "open", "priority": "high", "due_at": "2025-01-16"}'),
(122,117,'Ask legal about loyalty cards','{"status": "open", "priority": "medium"}'),
(123,118,'Defrost the freezer before the new one comes','{"status": "open", "priority": "medium", "due_at": "2025-01-25"}'),
(124,119,'Write down what went well in week 2','{"status": "done", "priority": "low", "done_at": "2025-01-14"}');

COMMIT;

-- Verification queries
SELECT 'Vaults' AS type, COUNT(*) AS count FROM vaults WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='general' OR json_extract(metadata,'$.scenario') IS NULL) ELSE 0 END
UNION ALL
SELECT 'Projects', COUNT(*) FROM projects WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='general' OR json_extract(metadata,'$.scenario') IS NULL) ELSE 0 END
UNION ALL
SELECT 'Fragments', COUNT(*) FROM fragments WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='general' OR json_extract(metadata,'$.scenario') IS NULL) ELSE 0 END
UNION ALL
SELECT 'Chat Sessions', COUNT(*) FROM chat_sessions WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='general' OR json_extract(metadata,'$.scenario') IS NULL) ELSE 0 END
UNION ALL
SELECT 'Contacts', COUNT(*) FROM contacts WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='general' OR json_extract(metadata,'$.scenario') IS NULL) ELSE 0 END
UNION ALL
SELECT 'Todos', COUNT(*) FROM todos WHERE fragment_id IN (SELECT id FROM fragments WHERE CASE WHEN typeof(metadata)='text' AND json_valid(metadata) THEN (json_type(metadata,'$.demo_seed')='true' OR json_extract(metadata,'$.demo_seed')='true') AND (json_extract(metadata,'$.scenario')='general' OR json_extract(metadata,'$.scenario') IS NULL) ELSE 0 END);
