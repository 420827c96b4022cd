-- The spine: who owns which ground, who answers for it, what stands on it and what happened there.
-- Ranges of time are never null, never empty and half-open; published rows are never changed.

CREATE TABLE city (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    key text NOT NULL,
    title jsonb NOT NULL,
    invented boolean NOT NULL,
    zone text NOT NULL
);

CREATE TABLE scheme (
    id smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text NOT NULL UNIQUE CHECK (key ~ '^[a-z][a-z0-9_]*$'),
    title jsonb NOT NULL
);

CREATE TABLE level (
    scheme_id smallint NOT NULL REFERENCES scheme,
    key text NOT NULL CHECK (key ~ '^[a-z][a-z0-9_]*$'),
    rank smallint NOT NULL CHECK (rank > 0),
    title jsonb NOT NULL,
    PRIMARY KEY (scheme_id, key),
    UNIQUE (scheme_id, rank)
);

-- A grid is an identity and nothing else: outline, name, code and parent belong to generations.
CREATE TABLE grid (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scheme_id smallint NOT NULL,
    level text NOT NULL,
    key text NOT NULL CHECK (key <> ''),
    created_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (scheme_id, level) REFERENCES level (scheme_id, key),
    UNIQUE (scheme_id, level, key),
    UNIQUE (id, scheme_id, level)
);

-- A code once given to a grid is never another grid's.
CREATE TABLE grid_code (
    scheme_id smallint NOT NULL REFERENCES scheme,
    code text NOT NULL CHECK (code <> '' AND length(code) <= 40),
    grid_id bigint NOT NULL REFERENCES grid,
    PRIMARY KEY (scheme_id, code),
    UNIQUE (scheme_id, code, grid_id)
);

CREATE TABLE grid_shape (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    grid_id bigint NOT NULL REFERENCES grid,
    geom geometry(MultiPolygon, 4326) NOT NULL,
    area_m2 double precision NOT NULL CHECK (area_m2 > 0 AND area_m2 < 'Infinity'),
    hash bytea NOT NULL CHECK (length(hash) = 16),
    UNIQUE (grid_id, hash),
    UNIQUE (id, grid_id),
    CONSTRAINT grid_shape_on_earth CHECK (
        NOT ST_IsEmpty(geom)
        AND ST_XMin(geom) >= -180 AND ST_XMax(geom) <= 180
        AND ST_YMin(geom) >= -90 AND ST_YMax(geom) <= 90
    ),
    CONSTRAINT grid_shape_valid CHECK (ST_IsValid(geom))
);
CREATE INDEX grid_shape_geom ON grid_shape USING gist (geom);

CREATE TABLE generation (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scheme_id smallint NOT NULL REFERENCES scheme,
    base_id bigint REFERENCES generation,
    origin text NOT NULL CHECK (origin IN ('demo', 'import', 'plan')),
    note text NOT NULL DEFAULT '',
    extent geometry(MultiPolygon, 4326) NOT NULL CHECK (NOT ST_IsEmpty(extent)),
    grids integer NOT NULL CHECK (grids > 0),
    published_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (id, scheme_id)
);

CREATE TABLE generation_grid (
    generation_id bigint NOT NULL,
    grid_id bigint NOT NULL,
    scheme_id smallint NOT NULL,
    level text NOT NULL,
    shape_id bigint NOT NULL,
    parent_id bigint,
    code text,
    name text NOT NULL,
    PRIMARY KEY (generation_id, grid_id),
    FOREIGN KEY (generation_id, scheme_id) REFERENCES generation (id, scheme_id),
    FOREIGN KEY (grid_id, scheme_id, level) REFERENCES grid (id, scheme_id, level),
    FOREIGN KEY (shape_id, grid_id) REFERENCES grid_shape (id, grid_id),
    FOREIGN KEY (scheme_id, code, grid_id) REFERENCES grid_code (scheme_id, code, grid_id),
    FOREIGN KEY (generation_id, parent_id) REFERENCES generation_grid (generation_id, grid_id)
        DEFERRABLE INITIALLY DEFERRED,
    UNIQUE (generation_id, code)
);
CREATE INDEX generation_grid_level ON generation_grid (generation_id, level);

-- Land inside the extent that no grid holds, known when the generation was published.
CREATE TABLE generation_gap (
    generation_id bigint NOT NULL REFERENCES generation,
    number integer NOT NULL,
    geom geometry(MultiPolygon, 4326) NOT NULL CHECK (NOT ST_IsEmpty(geom)),
    area_m2 double precision NOT NULL CHECK (area_m2 >= 0),
    PRIMARY KEY (generation_id, number)
);

-- Which generation is in force when (in_force), and since when and until when we believed so (recorded).
CREATE TABLE generation_validity (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scheme_id smallint NOT NULL,
    generation_id bigint NOT NULL,
    in_force tstzrange NOT NULL,
    recorded tstzrange NOT NULL DEFAULT tstzrange(now(), NULL),
    FOREIGN KEY (generation_id, scheme_id) REFERENCES generation (id, scheme_id),
    CONSTRAINT in_force_half_open CHECK (
        NOT isempty(in_force) AND lower(in_force) IS NOT NULL
        AND lower_inc(in_force) AND NOT upper_inc(in_force)
    ),
    CONSTRAINT recorded_half_open CHECK (
        NOT isempty(recorded) AND lower(recorded) IS NOT NULL
        AND lower_inc(recorded) AND NOT upper_inc(recorded)
    ),
    CONSTRAINT one_in_force EXCLUDE USING gist (scheme_id WITH =, in_force WITH &&, recorded WITH &&)
);

-- The one pointer: the generation published last. Publishing is compare-and-swap on it; version only grows.
CREATE TABLE pointer (
    scheme_id smallint PRIMARY KEY REFERENCES scheme,
    generation_id bigint NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    moved_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (generation_id, scheme_id) REFERENCES generation (id, scheme_id)
);

-- Counts the changes of what snapshots hold besides the lines, so that workers can poll one small row.
CREATE TABLE change (
    topic text PRIMARY KEY CHECK (topic IN ('posts', 'places')),
    version bigint NOT NULL DEFAULT 1
);
INSERT INTO change (topic) VALUES ('posts'), ('places');

CREATE TABLE gap_sighting (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    generation_id bigint NOT NULL REFERENCES generation,
    geom geometry(Point, 4326) NOT NULL,
    nearest_grid_id bigint REFERENCES grid,
    distance_m double precision NOT NULL CHECK (distance_m >= 0),
    first_seen timestamptz NOT NULL DEFAULT now(),
    last_seen timestamptz NOT NULL DEFAULT now(),
    times bigint NOT NULL DEFAULT 1 CHECK (times > 0)
);
CREATE UNIQUE INDEX gap_sighting_spot ON gap_sighting (generation_id, ST_X(geom), ST_Y(geom));

CREATE TABLE import_run (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    layer text NOT NULL,
    file_name text NOT NULL,
    file_hash bytea NOT NULL CHECK (length(file_hash) = 32),
    options jsonb NOT NULL,
    report jsonb NOT NULL,
    finished_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX import_run_file ON import_run (layer, file_hash);

CREATE TABLE place (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN (
        'building', 'compound', 'shop', 'firm', 'road', 'component', 'camera', 'green', 'water')),
    key text NOT NULL CHECK (key <> ''),
    name text NOT NULL DEFAULT '',
    address text NOT NULL DEFAULT '',
    parent_id bigint REFERENCES place,
    geom geometry(Geometry, 4326) NOT NULL,
    properties jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(properties) = 'object'),
    search text NOT NULL DEFAULT '',
    hash bytea NOT NULL CHECK (length(hash) = 16),
    UNIQUE (kind, key),
    CONSTRAINT place_on_earth CHECK (
        NOT ST_IsEmpty(geom)
        AND ST_XMin(geom) >= -180 AND ST_XMax(geom) <= 180
        AND ST_YMin(geom) >= -90 AND ST_YMax(geom) <= 90
    )
);
CREATE INDEX place_geom ON place USING gist (geom);
CREATE INDEX place_search ON place USING gin (search gin_trgm_ops);
CREATE INDEX place_parent ON place (parent_id);

CREATE TABLE address (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    place_id bigint NOT NULL REFERENCES place ON DELETE CASCADE,
    text text NOT NULL CHECK (text <> ''),
    road text NOT NULL DEFAULT '',
    lane text NOT NULL DEFAULT '',
    number text NOT NULL DEFAULT '',
    floor text NOT NULL DEFAULT '',
    UNIQUE (place_id, text)
);
CREATE INDEX address_text ON address USING gin (text gin_trgm_ops);
CREATE INDEX address_parts ON address (road, lane, number);

CREATE TABLE post (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text NOT NULL UNIQUE CHECK (key <> ''),
    kind text NOT NULL,
    rank smallint NOT NULL CHECK (rank > 0),
    subject_kind text NOT NULL CHECK (subject_kind IN ('grid', 'building', 'shop', 'firm', 'road')),
    grid_id bigint REFERENCES grid,
    place_id bigint REFERENCES place,
    floors int4range,
    title jsonb NOT NULL,
    exclusive boolean NOT NULL DEFAULT true,
    UNIQUE (id, exclusive),
    CONSTRAINT one_subject CHECK (
        (subject_kind = 'grid' AND grid_id IS NOT NULL AND place_id IS NULL)
        OR (subject_kind <> 'grid' AND place_id IS NOT NULL AND grid_id IS NULL)
    ),
    CONSTRAINT floors_of_a_building CHECK (
        floors IS NULL OR (subject_kind = 'building' AND NOT isempty(floors))
    )
);
CREATE INDEX post_grid ON post (grid_id);
CREATE INDEX post_place ON post (place_id);

CREATE TABLE holder (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text NOT NULL UNIQUE CHECK (key <> ''),
    kind text NOT NULL CHECK (kind IN ('person', 'team')),
    name text NOT NULL CHECK (name <> '')
);

-- Personal data stands apart, so that a reader of holders need not be a reader of telephone numbers.
CREATE TABLE holder_contact (
    holder_id bigint PRIMARY KEY REFERENCES holder ON DELETE CASCADE,
    phone text NOT NULL CHECK (phone <> '')
);

CREATE TABLE assignment (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    post_id bigint NOT NULL,
    exclusive boolean NOT NULL,
    holder_id bigint NOT NULL REFERENCES holder,
    during tstzrange NOT NULL,
    FOREIGN KEY (post_id, exclusive) REFERENCES post (id, exclusive),
    CONSTRAINT during_half_open CHECK (
        NOT isempty(during) AND lower(during) IS NOT NULL AND lower_inc(during) AND NOT upper_inc(during)
    ),
    CONSTRAINT one_holder_at_a_time EXCLUDE USING gist (post_id WITH =, during WITH &&) WHERE (exclusive),
    CONSTRAINT one_assignment_each EXCLUDE USING gist (post_id WITH =, holder_id WITH =, during WITH &&)
);

CREATE TABLE absence (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    holder_id bigint NOT NULL REFERENCES holder,
    during tstzrange NOT NULL,
    reason text NOT NULL DEFAULT '',
    CONSTRAINT absence_half_open CHECK (
        NOT isempty(during) AND lower(during) IS NOT NULL AND lower_inc(during) AND NOT upper_inc(during)
    ),
    CONSTRAINT one_absence_at_a_time EXCLUDE USING gist (holder_id WITH =, during WITH &&)
);

CREATE TABLE category (
    code text PRIMARY KEY CHECK (code ~ '^[0-9]{4}$'),
    side text NOT NULL CHECK (side IN ('component', 'event')),
    class_title jsonb NOT NULL,
    title jsonb NOT NULL,
    function text NOT NULL
);

CREATE TABLE incident (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text NOT NULL UNIQUE CHECK (key <> ''),
    category text REFERENCES category,
    reported_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN (
        'reported', 'accepted', 'registered', 'dispatched', 'handled', 'verified', 'closed')),
    closed_at timestamptz CHECK (closed_at >= reported_at),
    accuracy_m double precision CHECK (accuracy_m >= 0 AND accuracy_m < 'Infinity'),
    description text NOT NULL DEFAULT '',
    address text NOT NULL DEFAULT '',
    geom geometry(Point, 4326) NOT NULL,
    hash bytea NOT NULL CHECK (length(hash) = 16),
    CONSTRAINT incident_on_earth CHECK (
        ST_X(geom) >= -180 AND ST_X(geom) <= 180 AND ST_Y(geom) >= -90 AND ST_Y(geom) <= 90
    )
);
CREATE INDEX incident_geom ON incident USING gist (geom);
CREATE INDEX incident_time ON incident (reported_at);

-- What is published stays as it was.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is published and cannot be changed', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER grid_shape_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON grid_shape
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER grid_code_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON grid_code
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER generation_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON generation
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER generation_grid_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON generation_grid
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER generation_gap_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON generation_gap
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER grid_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON grid
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Nothing joins a generation after it was published.
CREATE FUNCTION refuse_late_grid() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM joining JOIN generation_validity USING (generation_id)) THEN
        RAISE EXCEPTION 'the generation is published; nothing can join it'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER generation_grid_in_time AFTER INSERT ON generation_grid
    REFERENCING NEW TABLE AS joining FOR EACH STATEMENT EXECUTE FUNCTION refuse_late_grid();
CREATE TRIGGER generation_gap_in_time AFTER INSERT ON generation_gap
    REFERENCING NEW TABLE AS joining FOR EACH STATEMENT EXECUTE FUNCTION refuse_late_grid();

-- Of a validity only the end of belief may be set, once.
CREATE FUNCTION close_belief_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE'
        OR NOT upper_inf(OLD.recorded)
        OR upper_inf(NEW.recorded)
        OR lower(NEW.recorded) IS DISTINCT FROM lower(OLD.recorded)
        OR (NEW.id, NEW.scheme_id, NEW.generation_id, NEW.in_force)
            IS DISTINCT FROM (OLD.id, OLD.scheme_id, OLD.generation_id, OLD.in_force)
    THEN
        RAISE EXCEPTION 'of a validity only the end of belief can be set, once'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER generation_validity_stays BEFORE UPDATE OR DELETE ON generation_validity
    FOR EACH ROW EXECUTE FUNCTION close_belief_only();
CREATE TRIGGER generation_validity_kept BEFORE TRUNCATE ON generation_validity
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The pointer moves forward only.
CREATE FUNCTION pointer_moves_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NEW.version <> OLD.version + 1 OR NEW.scheme_id <> OLD.scheme_id THEN
        RAISE EXCEPTION 'the pointer moves forward by one' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER pointer_forward BEFORE UPDATE OR DELETE ON pointer
    FOR EACH ROW EXECUTE FUNCTION pointer_moves_forward();

-- Wake those who hold a snapshot; they poll anyway, so a lost notice costs a moment and nothing else.
CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_ARGV[0] <> 'lines' THEN
        UPDATE change SET version = version + 1 WHERE topic = TG_ARGV[0];
    END IF;
    PERFORM pg_notify('gridmap', TG_ARGV[0]);
    RETURN NULL;
END $$;

CREATE TRIGGER pointer_noted AFTER INSERT OR UPDATE ON pointer
    FOR EACH STATEMENT EXECUTE FUNCTION note_change('lines');
CREATE TRIGGER post_noted AFTER INSERT OR UPDATE OR DELETE ON post
    FOR EACH STATEMENT EXECUTE FUNCTION note_change('posts');
CREATE TRIGGER holder_noted AFTER INSERT OR UPDATE OR DELETE ON holder
    FOR EACH STATEMENT EXECUTE FUNCTION note_change('posts');
CREATE TRIGGER holder_contact_noted AFTER INSERT OR UPDATE OR DELETE ON holder_contact
    FOR EACH STATEMENT EXECUTE FUNCTION note_change('posts');
CREATE TRIGGER assignment_noted AFTER INSERT OR UPDATE OR DELETE ON assignment
    FOR EACH STATEMENT EXECUTE FUNCTION note_change('posts');
CREATE TRIGGER absence_noted AFTER INSERT OR UPDATE OR DELETE ON absence
    FOR EACH STATEMENT EXECUTE FUNCTION note_change('posts');
CREATE TRIGGER place_noted AFTER INSERT OR UPDATE OR DELETE ON place
    FOR EACH STATEMENT EXECUTE FUNCTION note_change('places');
