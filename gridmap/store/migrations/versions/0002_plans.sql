-- Plans: drafts of lines, edit by edit; and what a change of lines did to the incidents that were open.

CREATE TABLE plan (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scheme_id smallint NOT NULL REFERENCES scheme,
    base_id bigint NOT NULL,
    title text NOT NULL CHECK (title <> ''),
    note text NOT NULL DEFAULT '',
    state text NOT NULL DEFAULT 'draft' CHECK (state IN (
        'draft', 'submitted', 'approved', 'published', 'withdrawn', 'cancelled')),
    author text NOT NULL CHECK (author <> ''),
    head integer,
    edits integer NOT NULL DEFAULT 0 CHECK (edits >= 0),
    version bigint NOT NULL DEFAULT 1,
    in_force_from timestamptz,
    generation_id bigint UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (base_id, scheme_id) REFERENCES generation (id, scheme_id),
    FOREIGN KEY (generation_id, scheme_id) REFERENCES generation (id, scheme_id),
    CONSTRAINT published_as_something CHECK ((state IN ('published', 'cancelled')) = (generation_id IS NOT NULL))
);
CREATE INDEX plan_state ON plan (scheme_id, state);

CREATE TABLE plan_edit (
    plan_id bigint NOT NULL REFERENCES plan,
    number integer NOT NULL CHECK (number > 0),
    prev integer,
    base_id bigint NOT NULL REFERENCES generation,
    kind text NOT NULL CHECK (kind <> ''),
    given jsonb NOT NULL CHECK (jsonb_typeof(given) = 'object'),
    author text NOT NULL CHECK (author <> ''),
    made_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (plan_id, number),
    FOREIGN KEY (plan_id, prev) REFERENCES plan_edit (plan_id, number),
    CONSTRAINT plan_edit_follows CHECK (prev < number)
);
ALTER TABLE plan ADD CONSTRAINT plan_head FOREIGN KEY (id, head) REFERENCES plan_edit (plan_id, number)
    DEFERRABLE INITIALLY DEFERRED;

-- What an edit made of a grid. A grid that the plan made has its permanent id already, and becomes a row of `grid`
-- when the plan is published.
CREATE TABLE plan_grid (
    plan_id bigint NOT NULL,
    number integer NOT NULL,
    grid_id bigint NOT NULL,
    retired boolean NOT NULL DEFAULT false,
    level text,
    parent_id bigint,
    code text CHECK (code <> '' AND length(code) <= 40),
    name text,
    geom geometry(MultiPolygon, 4326),
    PRIMARY KEY (plan_id, number, grid_id),
    FOREIGN KEY (plan_id, number) REFERENCES plan_edit (plan_id, number),
    CONSTRAINT plan_grid_whole CHECK (retired OR (level IS NOT NULL AND name IS NOT NULL)),
    CONSTRAINT plan_grid_valid CHECK (geom IS NULL OR (NOT ST_IsEmpty(geom) AND ST_IsValid(geom)))
);

CREATE TABLE plan_step (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    plan_id bigint NOT NULL REFERENCES plan,
    action text NOT NULL,
    actor text NOT NULL CHECK (actor <> ''),
    at timestamptz NOT NULL DEFAULT now(),
    note text NOT NULL DEFAULT '',
    data jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX plan_step_plan ON plan_step (plan_id, id);

-- Requests that were carried out, so that one sent again is answered and not carried out again.
CREATE TABLE request (
    actor text NOT NULL CHECK (actor <> ''),
    key text NOT NULL CHECK (key <> '' AND length(key) <= 200),
    hash bytea NOT NULL CHECK (length(hash) = 16),
    answer jsonb NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (actor, key)
);

-- What became of an incident that was open when a change of lines moved its ground to another grid.
CREATE TABLE incident_changeover (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident_id bigint NOT NULL REFERENCES incident,
    generation_id bigint NOT NULL REFERENCES generation,
    from_grid_id bigint NOT NULL REFERENCES grid,
    to_grid_id bigint REFERENCES grid,
    rule text NOT NULL CHECK (rule IN ('stay', 'move', 'ask')),
    recorded_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (incident_id, generation_id)
);

-- Where the rule is to ask: what was answered, and by whom. The last answer counts.
CREATE TABLE incident_changeover_answer (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    changeover_id bigint NOT NULL REFERENCES incident_changeover,
    answer text NOT NULL CHECK (answer IN ('stay', 'move')),
    actor text NOT NULL CHECK (actor <> ''),
    note text NOT NULL DEFAULT '',
    answered_at timestamptz NOT NULL DEFAULT now()
);

-- Generations whose change has been looked at.
CREATE TABLE generation_changeover (
    generation_id bigint PRIMARY KEY REFERENCES generation,
    incidents integer NOT NULL CHECK (incidents >= 0),
    settled_at timestamptz NOT NULL DEFAULT now()
);
-- What came into force before there was a rule changed hands without one.
INSERT INTO generation_changeover (generation_id, incidents)
SELECT DISTINCT generation_id, 0 FROM generation_validity WHERE lower(in_force) <= now() AND lower(recorded) <= now();

CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is a record and cannot be changed', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER plan_edit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON plan_edit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER plan_grid_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON plan_grid
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER plan_step_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON plan_step
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER request_stays BEFORE UPDATE ON request
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER incident_changeover_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON incident_changeover
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER incident_changeover_answer_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON incident_changeover_answer
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

-- A plan is never deleted; an ended one is never changed, but for the cancelling of a publication.
CREATE FUNCTION plan_goes_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NEW.version <> OLD.version + 1 OR NEW.id <> OLD.id OR NEW.author <> OLD.author
        OR OLD.state IN ('withdrawn', 'cancelled')
        OR (OLD.state = 'published' AND NEW.state <> 'cancelled')
    THEN
        RAISE EXCEPTION 'a plan is kept, and one that has ended is not changed' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER plan_kept BEFORE UPDATE OR DELETE ON plan FOR EACH ROW EXECUTE FUNCTION plan_goes_on();
