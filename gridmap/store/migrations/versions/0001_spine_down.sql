DROP TABLE incident, category, absence, assignment, holder_contact, holder, post, address, place, import_run,
    gap_sighting, change, pointer, generation_validity, generation_gap, generation_grid, generation, grid_shape,
    grid_code, grid, level, scheme, city;
DROP FUNCTION note_change, pointer_moves_forward, close_belief_only, refuse_late_grid, refuse_change;
