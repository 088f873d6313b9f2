-- sqlite

CREATE TABLE holdfast_ledger (
	spec TEXT NOT NULL,
	number INTEGER NOT NULL,
	previous TEXT NOT NULL,
	hash TEXT NOT NULL,
	body TEXT NOT NULL,
	PRIMARY KEY (spec, number)
)

CREATE TRIGGER holdfast_ledger_update BEFORE UPDATE ON holdfast_ledger
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END

CREATE TRIGGER holdfast_ledger_delete BEFORE DELETE ON holdfast_ledger
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END

CREATE TRIGGER holdfast_ledger_replace BEFORE INSERT ON holdfast_ledger
    WHEN EXISTS (SELECT 1 FROM holdfast_ledger WHERE spec = NEW.spec AND number = NEW.number)
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END

CREATE TABLE holdfast_lease (
	spec TEXT NOT NULL,
	token TEXT NOT NULL,
	holder TEXT NOT NULL,
	since DOUBLE NOT NULL,
	renewed DOUBLE NOT NULL,
	expiry DOUBLE NOT NULL,
	PRIMARY KEY (spec)
)

-- postgresql

CREATE TABLE holdfast_ledger (
	spec TEXT NOT NULL,
	number INTEGER NOT NULL,
	previous TEXT NOT NULL,
	hash TEXT NOT NULL,
	body TEXT NOT NULL,
	PRIMARY KEY (spec, number)
)

CREATE FUNCTION holdfast_ledger_refuse() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$

CREATE TRIGGER holdfast_ledger_change BEFORE UPDATE OR DELETE OR TRUNCATE ON holdfast_ledger
    FOR EACH STATEMENT EXECUTE FUNCTION holdfast_ledger_refuse()

CREATE TABLE holdfast_lease (
	spec TEXT NOT NULL,
	token TEXT NOT NULL,
	holder TEXT NOT NULL,
	since DOUBLE PRECISION NOT NULL,
	renewed DOUBLE PRECISION NOT NULL,
	expiry DOUBLE PRECISION NOT NULL,
	PRIMARY KEY (spec)
)

-- rows

INSERT INTO holdfast_ledger (spec, number, previous, hash, body)
VALUES ('club', 1, '', '3a8362ed9bb7cf6f3c8720c6049201b63af9781f5e2d7c46341b1f05fc6368e2', '{"awaiting_approval":false,"by":"root@vm","challenger_version":"1","champion_version":"1","cohort":{"customers":1600,"dates":[],"left_out":0,"positives":251,"rows":1600,"untreated":803},"compared_with":null,"decided_at":"2026-11-28T15:05:32+00:00","figures":{"challenger":{"AUC":{"high":0.7334419390088085,"level":0.95,"low":0.6605112338071741,"method":"delong","standard_error":0.018605113608439378,"value":0.6969765864079913},"QINI call":{"high":0.05412231016932592,"level":0.95,"low":0.031052111225350773,"method":"normal","standard_error":0.00588536297757253,"value":0.04258721069733835},"policy value a customer (eur)":{"high":2.907215960683619,"level":0.95,"low":1.6365568015282705,"method":"normal","standard_error":0.32415370108281233,"value":2.271886381105945}},"champion":{"AUC":{"high":0.7334419390088085,"level":0.95,"low":0.6605112338071741,"method":"delong","standard_error":0.018605113608439378,"value":0.6969765864079913},"QINI call":{"high":0.05412231016932592,"level":0.95,"low":0.031052111225350773,"method":"normal","standard_error":0.00588536297757253,"value":0.04258721069733835},"policy value a customer (eur)":{"high":2.907215960683619,"level":0.95,"low":1.6365568015282705,"method":"normal","standard_error":0.32415370108281233,"value":2.271886381105945}}},"findings":[{"demands":"The gate cohort holds enough churned customers, and enough events in every arm.","otherwise":"INSUFFICIENT_DATA","reason":"251 churned without action, at least 100; events per arm: control 251, call 173, at least 50","rule":"R007","status":"holds","thresholds":[]},{"demands":"No row of the gate cohort was seen by either model in training or tuning.","otherwise":"INSUFFICIENT_DATA","reason":"0 rows of the gate cohort were seen, at most 0","rule":"R008","status":"holds","thresholds":[]},{"demands":"Both models load, take the rows of the gate cohort and predict what was evaluated.","otherwise":"CONTRACT_FAIL","reason":"0 faults, at most 0","rule":"R009","status":"holds","thresholds":[]},{"demands":"The challenger''s Brier score and AUC are better than the prior model''s, intervals included.","otherwise":"KEEP","reason":"AUC 0.6970 against the prior''s 0.5000, at least +0.1605, more than 0 wanted; Brier 0.1930 against 0.2149, at most -0.0130, less than 0 wanted","rule":"R010","status":"holds","thresholds":[{"at":0.0,"better":"higher","figure":"auc","own":false,"smallest":null},{"at":0.0,"better":"lower","figure":"brier","own":false,"smallest":null}]},{"demands":"The challenger''s calibration error is below the limit.","otherwise":"KEEP","reason":"calibration error 0.0554, below 0.1","rule":"R011","status":"holds","thresholds":[{"at":0.1,"better":"lower","figure":"calibration_error","own":true,"smallest":null}]}],"gate":{"alpha":0.05,"approval":false,"auc_margin":0.005,"brier_margin":0.002,"calibration_limit":0.1,"calibration_margin":0.02,"minimum_events_per_arm":50,"minimum_gain":0.0,"minimum_positives":100,"slice_margin":0.05,"value_margin":0.05},"kind":"decision","look":{"alpha":0.025,"cohort":"358810630530b066","number":1},"mode":"first","model_digest":"424e71332466d738","pairs":{"auc":{"challenger":0.6969765864079913,"champion":0.5,"difference":{"high":0.23344193900880855,"level":0.95,"low":0.16051123380717408,"method":"delong","standard_error":0.018605113608439378,"value":0.19697658640799132}},"brier":{"challenger":0.19304583185027566,"champion":0.2148732310871505,"difference":{"high":-0.012963163471353423,"level":0.95,"low":-0.03069163500239628,"method":"normal","standard_error":0.004522652372921844,"value":-0.02182739923687485}},"calibration_error":{"challenger":0.05543863064880622,"champion":0.0005474696147695083,"difference":{"high":0.08342179414690203,"level":0.95,"low":0.0263605279211714,"method":"normal","standard_error":0.014556712948764011,"value":0.05489116103403671}},"policy_value":{"challenger":2.271886381105945,"champion":0.6527165394867889,"difference":{"high":2.2239595323947934,"level":0.95,"low":1.0143801508435186,"method":"normal","standard_error":0.3085718388430305,"value":1.619169841619156}},"qini_call":{"challenger":0.04258721069733835,"champion":0.0,"difference":{"high":0.05412231016932592,"level":0.95,"low":0.031052111225350773,"method":"normal","standard_error":0.00588536297757253,"value":0.04258721069733835}}},"primary":"policy_value","question":"8671d836ef21df9d-d2286c9dcb4e4221","reason":"","reports":{"challenger":"9ba401820de633fd","champion":null},"slices":[],"verdict":"FIRST_CHAMPION","words":"there was no champion, and every floor is met; R010 holds: AUC 0.6970 against the prior''s 0.5000, at least +0.1605, more than 0 wanted; Brier 0.1930 against 0.2149, at most -0.0130, less than 0 wanted"}')

INSERT INTO holdfast_ledger (spec, number, previous, hash, body)
VALUES ('club', 2, '3a8362ed9bb7cf6f3c8720c6049201b63af9781f5e2d7c46341b1f05fc6368e2', '470d35f24c9bbec051965713b7a9bead012fcdc33e4eeffce7265c3be929605b', '{"awaiting_approval":false,"by":"root@vm","challenger_version":"2","champion_version":"1","cohort":{"customers":1600,"dates":[],"left_out":0,"positives":251,"rows":1600,"untreated":803},"compared_with":"1","decided_at":"2026-11-28T15:06:26+00:00","figures":{"challenger":{"AUC":{"high":0.7334419390088085,"level":0.95,"low":0.6605112338071741,"method":"delong","standard_error":0.018605113608439378,"value":0.6969765864079913},"QINI call":{"high":0.05358506293874914,"level":0.95,"low":0.031395718829912905,"method":"normal","standard_error":0.005660650982330018,"value":0.04249039088433102},"policy value a customer (eur)":{"high":2.9158238946916635,"level":0.95,"low":1.6332414251256244,"method":"normal","standard_error":0.32719541779412425,"value":2.274532659908644}},"champion":{"AUC":{"high":0.7334419390088085,"level":0.95,"low":0.6605112338071741,"method":"delong","standard_error":0.018605113608439378,"value":0.6969765864079913},"QINI call":{"high":0.05412231016932592,"level":0.95,"low":0.031052111225350773,"method":"normal","standard_error":0.00588536297757253,"value":0.04258721069733835},"policy value a customer (eur)":{"high":2.907215960683619,"level":0.95,"low":1.6365568015282705,"method":"normal","standard_error":0.32415370108281233,"value":2.271886381105945}}},"findings":[{"demands":"The challenger ranks the risk no worse than the champion, beyond the margin.","otherwise":"KEEP","reason":"auc 0.6970 against 0.6970: difference +0.0000 [+0.0000, +0.0000], margin 0.005","rule":"R001","status":"holds","thresholds":[{"at":-0.005,"better":"higher","figure":"auc","own":false,"smallest":null}]},{"demands":"The challenger''s probabilities are no further from the outcomes (Brier), beyond the margin.","otherwise":"KEEP","reason":"brier 0.1930 against 0.1930: difference +0.0000 [+0.0000, +0.0000], margin 0.002","rule":"R002","status":"holds","thresholds":[{"at":0.002,"better":"lower","figure":"brier","own":false,"smallest":null}]},{"demands":"The challenger''s calibration error is no larger than the champion''s, beyond the margin.","otherwise":"KEEP","reason":"calibration_error 0.0554 against 0.0554: difference +0.0000 [+0.0000, +0.0000], margin 0.02","rule":"R003","status":"holds","thresholds":[{"at":0.02,"better":"lower","figure":"calibration_error","own":false,"smallest":null}]},{"demands":"In no slice is the challenger''s AUC shown to be worse by more than the margin (Holm over the slices).","otherwise":"KEEP","reason":"the weakest of 2 slices is band below 12, AUC 0.6482 against 0.6482, p 1; margin 0.05, alpha 0.05","rule":"R004","status":"holds","thresholds":[]},{"demands":"The challenger is better on the primary figure by more than the minimum gain.","otherwise":"KEEP","reason":"policy_value 2.2745 against 2.2719: difference +0.0026 [-0.1563, +0.1616], minimum gain 0; a difference of 0.2148 from it is the smallest that these rows show with 80 % power","rule":"R005","status":"unclear","thresholds":[{"at":0.0,"better":"higher","figure":"policy_value","own":false,"smallest":0.21477918584851416}]},{"demands":"The gate cohort holds enough churned customers, and enough events in every arm.","otherwise":"INSUFFICIENT_DATA","reason":"251 churned without action, at least 100; events per arm: control 251, call 173, at least 50","rule":"R007","status":"holds","thresholds":[]},{"demands":"No row of the gate cohort was seen by either model in training or tuning.","otherwise":"INSUFFICIENT_DATA","reason":"0 rows of the gate cohort were seen, at most 0","rule":"R008","status":"holds","thresholds":[]},{"demands":"Both models load, take the rows of the gate cohort and predict what was evaluated.","otherwise":"CONTRACT_FAIL","reason":"0 faults, at most 0","rule":"R009","status":"holds","thresholds":[]}],"gate":{"alpha":0.05,"approval":false,"auc_margin":0.005,"brier_margin":0.002,"calibration_limit":0.1,"calibration_margin":0.02,"minimum_events_per_arm":50,"minimum_gain":0.0,"minimum_positives":100,"slice_margin":0.05,"value_margin":0.05},"kind":"decision","look":{"alpha":0.008333333333333333,"cohort":"358810630530b066","number":2},"mode":"replace","model_digest":"71eb5c23b1518331","pairs":{"auc":{"challenger":0.6969765864079913,"champion":0.6969765864079913,"difference":{"high":0.0,"level":0.9833333333333333,"low":0.0,"method":"delong","standard_error":0.0,"value":0.0}},"brier":{"challenger":0.19304583185027566,"champion":0.19304583185027566,"difference":{"high":0.0,"level":0.9833333333333333,"low":0.0,"method":"normal","standard_error":0.0,"value":0.0}},"calibration_error":{"challenger":0.05543863064880622,"champion":0.05543863064880622,"difference":{"high":0.0,"level":0.9833333333333333,"low":0.0,"method":"normal","standard_error":0.0,"value":0.0}},"policy_value":{"challenger":2.274532659908644,"champion":2.271886381105945,"difference":{"high":0.16155864996233776,"level":0.9833333333333333,"low":-0.1562660923569396,"method":"normal","standard_error":0.06637999667820337,"value":0.0026462788026990758}},"qini_call":{"challenger":0.04249039088433102,"champion":0.04258721069733835,"difference":{"high":0.003126727685603004,"level":0.9833333333333333,"low":-0.0033203673116176564,"method":"normal","standard_error":0.0013465224304961597,"value":-9.681981300732612e-05}}},"primary":"policy_value","question":"27bc34d4ea758370-50e8671e15662a01","reason":"","reports":{"challenger":"f36facc1f27d2d3b","champion":"9ba401820de633fd"},"slices":[{"challenger":0.6482417705875748,"champion":0.6482417705875748,"difference":{"high":0.0,"level":0.9833333333333333,"low":0.0,"method":"delong","standard_error":0.0,"value":0.0},"name":"band below 12","p":1.0,"rows":405,"worse":false},{"challenger":0.7119930896526643,"champion":0.7119930896526643,"difference":{"high":0.0,"level":0.9833333333333333,"low":0.0,"method":"delong","standard_error":0.0,"value":0.0},"name":"band 12 and above","p":1.0,"rows":1195,"worse":false}],"verdict":"INCONCLUSIVE","words":"R005 unclear: policy_value 2.2745 against 2.2719: difference +0.0026 [-0.1563, +0.1616], minimum gain 0; a difference of 0.2148 from it is the smallest that these rows show with 80 % power"}')

INSERT INTO holdfast_lease (spec, token, holder, since, renewed, expiry)
VALUES ('club', 't', '{}', 0.5, 1.5, 2.5)
