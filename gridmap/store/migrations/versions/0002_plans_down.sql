ALTER TABLE plan DROP CONSTRAINT plan_head;
DROP TABLE generation_changeover, incident_changeover_answer, incident_changeover, request, plan_step, plan_grid,
    plan_edit, plan;
DROP FUNCTION plan_goes_on, refuse_rewriting;
